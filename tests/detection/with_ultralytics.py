"""The detector with real ultralytics and PyTorch: run by `make test-detect`.

Not collected by pytest, since ultralytics is an extra of its own. A nano YOLOv5 learns from pod
scenes, from scratch, and is killed meanwhile; its boxes are written, read back, drawn again after a
kill, without PyTorch, and for photographs to identify.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from tf_happywhale import detect
from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.detection.all_photographs import find_photographs
from tf_happywhale.detection.annotations import read_annotations
from tf_happywhale.detection.detector import find_detector
from tf_happywhale.detection.letterbox import letterbox, square_side
from tf_happywhale.detection.network_output import find_boxes
from tf_happywhale.detection.networks import OnnxNetwork, TorchNetwork
from tf_happywhale.detection.ultralytics_package import load_yolo
from tf_happywhale.disk.hashes import sha256

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "pod_boxes.yaml"
EPOCHS_BEFORE = 4  # that are done when training is killed
KEYS = [
    "seed=5", "fold=0", "pod.individuals=30", "pod.new_individuals=6", "pod.singletons=4",
    "pod.mean_images=5", "pod.test_images=1", "pod.width=480", "pod.height=320",
    "records.source=backfin", "detect.folds=5", "detect.image_size=192", "detect.epochs=25",
]  # fmt: skip
WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "ultralytics"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
from tf_happywhale import detect
from tf_happywhale.config import load_experiment
detect.main("predict", load_experiment(sys.argv[1], sys.argv[2:]))
"""


def main() -> None:
    with TemporaryDirectory() as folder:
        keys = [*KEYS, f"output={folder}/out"]
        experiment = load_experiment(CONFIG, keys)
        trained_from_scratch(experiment, keys)
        agrees_with_ultralytics(experiment)
        boxes_are_read_back(experiment)
        killed_and_started_again(experiment, keys)
        the_same_without_pytorch(experiment, keys)
        the_same_for_identify(experiment, keys)
    print("6 passed, 0 failed")


def trained_from_scratch(experiment: Experiment, keys: list[str]) -> None:
    fold = folder_of(experiment) / "fold0"
    training = fold / "next" / "training"
    started = subprocess.Popen(command("train", keys), cwd=ROOT, env=environment())
    while started.poll() is None and len(epochs_of(training)) < EPOCHS_BEFORE:
        time.sleep(0.1)
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL
    before = epochs_of(training)
    detect.main("train", experiment)
    after = epochs_of(fold / "training")
    assert after[: EPOCHS_BEFORE - 1] == before[: EPOCHS_BEFORE - 1]  # with the seconds they took
    assert after[-1][0] == str(experiment.detect.epochs)
    print(f"killed after {len(before)} epochs, training resumed")
    metrics = json.loads((folder_of(experiment) / "fold0" / "metrics.json").read_text())
    print(f"held out: {metrics}")
    assert metrics["AP50"] >= 0.6, metrics
    assert set(metrics["sources"]) == {"backfin", "fullbody"}
    started = time.monotonic()
    detect.main("train", experiment)
    assert time.monotonic() - started < 10  # nothing to do


def agrees_with_ultralytics(experiment: Experiment) -> None:
    """Our boxes of a square are those of ultralytics' own predictor."""
    folder, side = folder_of(experiment), square_side(experiment.detect.image_size)
    weights = folder / "fold0" / "weights.pt"
    network, yolo, compared = TorchNetwork(weights, folder), load_yolo(weights, folder), 0
    for path in list(find_photographs(experiment).values())[:12]:
        square = letterbox(path, side).picture
        found = find_boxes(network(square[None])[0], network.sources)
        (theirs,) = yolo.predict(
            np.ascontiguousarray(square[..., ::-1]), imgsz=side, conf=0.25, verbose=False
        )
        for corners, confidence, kind in zip(
            theirs.boxes.xyxy.numpy(), theirs.boxes.conf.numpy(), theirs.boxes.cls, strict=True
        ):
            source = yolo.names[int(kind)]
            near = [
                ours
                for ours in found
                if ours.source == source and abs(ours.confidence - confidence) < 1e-3
            ]
            inside = [np.clip(ours.corners, 0, side) for ours in near]  # as theirs are
            assert any(np.allclose(ours, corners, atol=0.1) for ours in inside)
            compared += 1
    assert compared >= 8
    print(f"{compared} boxes are ultralytics' own")


def boxes_are_read_back(experiment: Experiment) -> None:
    detect.main("predict", experiment)
    detect.main("report", experiment)
    path = folder_of(experiment) / "boxes.csv"
    chosen = experiment.data.model_copy(update={"boxes": str(path.resolve())})
    found = load_data(experiment.model_copy(update={"data": chosen})).boxes
    photographs = find_photographs(experiment)
    truth = read_annotations(experiment, photographs)
    shares = []
    for image, boxes in truth.items():
        true = next(box for source, box in boxes if source == "backfin")
        shares.append(overlap(found[image], true) if image in found else 0.0)
    print(f"{len(found)} of {len(truth)} boxes, median overlap {np.median(shares):.2f}")
    assert np.median(shares) > 0.5
    assert (folder_of(experiment) / "report.html").stat().st_size > 10_000


def killed_and_started_again(experiment: Experiment, keys: list[str]) -> None:
    folder = folder_of(experiment)
    before = (folder / "boxes.csv").read_bytes()
    (seen,) = (folder / "seen").iterdir()
    parts = {file.name: file.read_bytes() for file in seen.iterdir()}
    assert len(parts) > 1
    for file in seen.iterdir():
        file.unlink()
    (folder / "boxes.csv").unlink()
    started = subprocess.Popen(command("predict", keys), cwd=ROOT, env=environment())
    while started.poll() is None and not list(seen.glob("part-*")):
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL
    assert 0 < len(list(seen.glob("part-*"))) < len(parts)
    subprocess.run(command("predict", keys), cwd=ROOT, env=environment(), check=True)
    assert (folder / "boxes.csv").read_bytes() == before
    assert {file.name: file.read_bytes() for file in seen.glob("part-*")} == parts
    print("killed and started again, the boxes are the same to the byte")


def the_same_without_pytorch(experiment: Experiment, keys: list[str]) -> None:
    folder = folder_of(experiment)
    before = pd.read_csv(folder / "boxes.csv")
    detect.main("export", experiment)
    weights = folder / "fold0" / "weights.onnx"
    square = letterbox(next(iter(find_photographs(experiment).values())), 192).picture
    theirs = TorchNetwork(weights.with_suffix(".pt"), folder)(square[None])
    assert np.allclose(OnnxNetwork(weights)(square[None]), theirs, atol=0.01)
    without = [sys.executable, "-c", WITHOUT_TORCH, str(CONFIG), *keys, "detect.engine=onnx"]
    subprocess.run(without, cwd=ROOT, env=environment(), check=True)
    after = pd.read_csv(folder / "boxes.csv")
    assert (after[["image", "source"]] == before[["image", "source"]]).all(axis=None)
    corners = ["xmin", "ymin", "xmax", "ymax"]
    difference = (after[corners] - before[corners]).abs().to_numpy().max()
    print(f"ONNX Runtime without PyTorch: corners differ by at most {difference:.3f} pixels")
    assert difference <= 0.1
    assert (after["confidence"] - before["confidence"]).abs().max() <= 0.001


def the_same_for_identify(experiment: Experiment, keys: list[str]) -> None:
    """By the side that the weights say, not the config's."""
    folder, photographs = folder_of(experiment), find_photographs(experiment)
    table, names, paths = folder / "boxes.csv", list(photographs), list(photographs.values())
    rows, contents = read_box_rows(table), [sha256(path) for path in paths]
    for ending in ("onnx", "pt"):
        weights = f"identify.detector={folder / 'fold0' / 'weights'}.{ending}"
        asked = load_experiment(None, [*keys, "detect.image_size=640", weights])
        detector = find_detector(asked, folder / "identify")
        empty = {"backfin": {}, "fullbody": {}}
        filled = detector.fill_missing(empty, names, paths, contents, ending)
        for source in empty:
            expected = best_rows(rows, source, names, table)
            drawn = {image: row for image, (row,) in filled[source].items() if row.box}
            assert drawn.keys() == expected.keys()
            for image, row in drawn.items():
                assert np.allclose(astuple(row.box), astuple(expected[image].box), atol=1)
                assert abs(row.confidence - expected[image].confidence) <= 0.001
    print("identify draws the same boxes, from .pt and .onnx")


def overlap(a, b) -> float:
    width = min(a.xmax, b.xmax) - max(a.xmin, b.xmin)
    height = min(a.ymax, b.ymax) - max(a.ymin, b.ymin)
    shared = max(0, width) * max(0, height)
    both = sum((box.xmax - box.xmin) * (box.ymax - box.ymin) for box in (a, b))
    return shared / (both - shared)


def command(verb: str, keys: list[str]) -> list[str]:
    return [sys.executable, "-m", "tf_happywhale.detect", verb, str(CONFIG), *keys]


def epochs_of(training: Path) -> list[list[str]]:
    """The rows of ultralytics' log, one an epoch: its number, the seconds so far, and so on."""
    log = training / "results.csv"
    lines = log.read_text(encoding="utf-8").splitlines()[1:] if log.is_file() else []
    return [[cell.strip() for cell in line.split(",")] for line in lines]


def folder_of(experiment: Experiment) -> Path:
    return Path(experiment.output) / "detector"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    sys.exit(main())
