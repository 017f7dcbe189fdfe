"""How good the detector is, beside ultralytics' own stock run, and what its boxes are worth.

    python benchmarks/detection.py --pod --core .venv/bin/python --json detection.json
    python benchmarks/detection.py --fins DIR detect.epochs=100
    python benchmarks/detection.py --pod --fins DIR --quick

pod   a nano YOLOv5 from scratch on the demo's pod, as configs/pod_boxes.yaml says; AP50 on each
      fold's held-out photographs, then the demo's experiment once with the boxes it drew and once
      with the true ones: mAP@5 on the test images
fins  DIR/images and DIR/boxes.csv: 20 photographs held out, the others (70 of the dolphins') to
      learn from; ours as configs/dolphin_fins.yaml says, and in the time that took ultralytics'
      defaults: the same network from scratch at the same size. Both are judged by ultralytics'
      validator on the held-out photographs; the worst of ours are drawn on worst.html. Without a
      GPU ultralytics trains on all cores but one, ours on all

What is wanted stands beside each figure; where one misses it the command ends with status 1. Of
--quick nothing is wanted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from wanted import Wanted, judge

ROOT = Path(__file__).parents[1]
HELD_OUT, WORST = 20, 5
STOCK_SIDE = 1280  # the photographs as they are
LEAST_AP50 = 0.8  # of the pod
LARGEST_LOSS = 0.05  # of mAP@5 by detected boxes, against true ones
MOST_MINUTES = 40  # of training on the fins


def main() -> None:
    args = parse()
    figures = {}
    if args.pod:
        figures["pod"] = pod(args)
    if args.fins:
        figures["fins"] = fins(args)
    show(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if args.quick else judge(wanted(figures)))


# --- pod ------------------------------------------------------------------------------------------


def pod(args: argparse.Namespace) -> dict:
    """AP50 of each fold, and mAP@5 with detected and true boxes."""
    from tf_happywhale import detect
    from tf_happywhale.config import load_experiment
    from tf_happywhale.places import data_root, detector_folder

    quick = ["detect.epochs=1", "detect.image_size=64", "pod.individuals=8", "pod.singletons=1"]
    keys = [f"output={args.output / 'pod'}", *(quick if args.quick else [])]
    experiment = load_experiment(ROOT / "configs" / "pod_boxes.yaml", keys)
    started = time.monotonic()
    detect.main("train", experiment)
    figures: dict = {"train_seconds": time.monotonic() - started}
    started = time.monotonic()
    detect.main("predict", experiment)
    detect.main("report", experiment)
    figures["predict_seconds"] = time.monotonic() - started
    folder = detector_folder(experiment)
    for fold in range(experiment.detect.folds):
        metrics = (folder / f"fold{fold}" / "metrics.json").read_text(encoding="utf-8")
        figures[f"fold{fold}"] = json.loads(metrics)
    if args.core and not args.quick:
        boxes = {"true boxes": "boxes.csv", "detected boxes": (folder / "boxes.csv").resolve()}
        for name, table in boxes.items():
            output = args.output / f"run_{name.split()[0]}"
            command = [args.core, "-m", "tf_happywhale.run", str(ROOT / "configs" / "demo.yaml")]
            command += [f"data.root={data_root(experiment).resolve()}", f"data.boxes={table}"]
            subprocess.run([*command, f"output={output}"], check=True)
            metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
            figures[name] = metrics["test"]
    return figures


# --- fins -----------------------------------------------------------------------------------------


def fins(args: argparse.Namespace) -> dict:
    """AP of ours and of the stock run on the same held-out photographs, in the same time."""
    from tf_happywhale.config import load_experiment
    from tf_happywhale.detection.all_photographs import find_photographs
    from tf_happywhale.detection.annotations import deal_folds, read_annotations
    from tf_happywhale.detection.letterbox import square_side
    from tf_happywhale.detection.training_set import write_training_set
    from tf_happywhale.detection.yolo_training import measure_network, train_network

    home = args.output / "fins"
    shutil.rmtree(home, ignore_errors=True)
    keys = [f"data.root={args.fins}", f"output={home}", *args.keys]
    keys += ["detect.epochs=1", "detect.image_size=64"] if args.quick else []
    experiment = load_experiment(ROOT / "configs" / "dolphin_fins.yaml", keys)
    settings, side = experiment.detect, square_side(experiment.detect.image_size)
    photographs = find_photographs(experiment)
    annotations = read_annotations(experiment, photographs)
    order = sorted(annotations, key=deal_folds(annotations, len(annotations), args.seed).get)
    folds = {image: int(place >= HELD_OUT) for place, image in enumerate(order)}
    for name, longest in (("ours", side), ("stock", STOCK_SIDE)):
        write_training_set(home / name, photographs, annotations, folds, longest=longest)
    full, weights = home / "stock" / "fold0.yaml", home / "ours.pt"

    started = time.monotonic()
    train_network(
        home / "ours" / "fold0.yaml", weights, home / "ours_run", home, settings, args.seed
    )
    seconds = time.monotonic() - started
    judged = measure_network(full, weights, home / "ours_judged", home, settings)
    figures = {"ours": {**judged, "seconds": seconds, "epochs": settings.epochs}}
    started = time.monotonic()
    stock, epochs = train_stock(full, home, settings.model, side, seconds, args.seed)
    stock_seconds = time.monotonic() - started
    judged = measure_network(full, stock, home / "stock_judged", home, settings)
    figures["stock"] = {**judged, "seconds": stock_seconds, "epochs": epochs}
    held_out = {image: photographs[image] for image in order[:HELD_OUT]}
    figures["worst"] = draw_worst(weights, held_out, annotations, side, home)
    return figures


def train_stock(
    data: Path, home: Path, model: str, side: int, seconds: float, seed: int
) -> tuple[Path, int]:
    """Ultralytics' defaults for as long as ours took: weights and epochs done."""
    from tf_happywhale.detection.ultralytics_package import load_yolo

    yolo, folder = load_yolo(model, home), (home / "stock_run").resolve()
    yolo.train(
        data=str(data),
        imgsz=side,
        time=seconds / 3600,
        seed=seed,
        project=str(folder.parent),
        name=folder.name,
        exist_ok=True,
        plots=False,
        verbose=False,
    )
    done = len((folder / "results.csv").read_text(encoding="utf-8").strip().splitlines()) - 1
    return folder / "weights" / "best.pt", done


def draw_worst(weights: Path, photographs: dict, annotations, side: int, home: Path) -> list[dict]:
    """The held-out photographs whose best box overlaps the nearest true one least, on a page."""
    import numpy as np
    import pandas as pd

    from tf_happywhale.detection.boxes_table import COLUMNS, WITHOUT
    from tf_happywhale.detection.contact_sheet import Sheet, make_cards, write_sheet
    from tf_happywhale.detection.detections import overlaps
    from tf_happywhale.detection.letterbox import letterbox
    from tf_happywhale.detection.network_output import find_boxes
    from tf_happywhale.detection.networks import open_network

    network, rows, worst = open_network(weights, home), [], []
    for image, path in photographs.items():
        box = letterbox(path, side)
        seen = find_boxes(network(box.picture[None])[0], network.sources)
        found = sorted(filter(None, map(box.back, seen)), key=lambda found: -found.confidence)
        true = np.array(
            [
                [b.xmin, b.ymin, b.xmax, b.ymax]
                for b in (any_box.clip(box.width, box.height) for _, any_box in annotations[image])
                if b
            ],
            float,
        )
        share, confidence = 0.0, 0.0
        if found:
            share = float(overlaps(np.array(found[0].corners), true).max())
            confidence = found[0].confidence
            rows.append([image, "detected", *map(str, found[0].corners), f"{share:.4f}", "ours"])
        rows += [[image, "true", *map(str, corners), "1", "manual"] for corners in true]
        worst.append({"image": image, "overlap": share, "confidence": confidence})
    worst = sorted(worst, key=lambda row: row["overlap"])
    boxes = pd.DataFrame(rows, columns=COLUMNS)
    cards = {card.image: card for card in make_cards(boxes, pd.DataFrame(columns=WITHOUT))}
    sheet = Sheet(
        [cards[row["image"]] for row in worst[:WORST]],
        photographs,
        boxes=Path("boxes.csv"),
        summary="Held-out photographs, by the overlap of the most confident box with the truth.",
    )
    write_sheet(home / "worst.html", sheet, side=640)
    return worst


# --- the table ------------------------------------------------------------------------------------


def show(figures: dict) -> None:
    for name, part in figures.items():
        print(f"\n{name}")
        rows = {key: row for key, row in part.items() if isinstance(row, dict) and "AP50" in row}
        print(f"{'':10}{'precision':>10}{'recall':>8}{'AP50':>8}{'AP50:95':>9}{'seconds':>9}")
        for key, row in rows.items():
            print(
                f"{key:10}{row['precision']:10.3f}{row['recall']:8.3f}{row['AP50']:8.3f}"
                f"{row['AP50:95']:9.3f}{row.get('seconds', float('nan')):9.0f}"
            )
        for key in ("true boxes", "detected boxes"):
            if key in part:
                print(f"mAP@5 of the test images, {key}: {part[key]['map5']:.3f}")
        for row in part.get("worst", [])[:WORST]:
            print(
                f"overlap {row['overlap']:.2f}, confidence {row['confidence']:.2f}: {row['image']}"
            )


def wanted(figures: dict) -> list[Wanted]:
    """What is asked of the figures that were measured."""
    rows = []
    pod, fins = figures.get("pod", {}), figures.get("fins", {})
    for name, part in pod.items():
        if name.startswith("fold"):
            rows.append(Wanted(f"pod, {name}: AP50", part["AP50"], LEAST_AP50))
    if "detected boxes" in pod:
        least = round(pod["true boxes"]["map5"] - LARGEST_LOSS, 6)
        rows.append(Wanted("pod, detected boxes: mAP@5", pod["detected boxes"]["map5"], least))
    if fins:
        rows.append(Wanted("fins: AP50", fins["ours"]["AP50"], fins["stock"]["AP50"]))
        minutes = fins["ours"]["seconds"] / 60
        rows.append(Wanted("fins: minutes", minutes, MOST_MINUTES, most=True))
    return rows


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pod", action="store_true", help="the synthetic pod")
    parser.add_argument("--fins", type=Path, help="folder of images/ and boxes.csv")
    parser.add_argument("--core", help="a Python with TensorFlow, for mAP@5 with these boxes")
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "bench_detection")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--quick", action="store_true", help="a small version, under a minute")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("keys", nargs="*", help="overrides of configs/dolphin_fins.yaml")
    return parser.parse_args()


if __name__ == "__main__":
    main()
