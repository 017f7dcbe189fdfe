"""Every shipped config at its real picture size: one training step, one embedding, peak memory.

    python benchmarks/shipped.py                    (all of configs/, two pictures each, on the CPU)
    python benchmarks/shipped.py --only original_b6_768 strong_b6_768
    python benchmarks/shipped.py --quick            (the demo's and the smallest of the original's)
    python benchmarks/shipped.py --headers          (and write the figures into the configs)

Each model is built with random weights, for as many individuals as the data has that the config is
meant for, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tf_happywhale.config import load_experiment, variants_of
from tf_happywhale.disk.files import write_json, write_text

OTHER = ("dolphin_fins", "happywhale_boxes", "pod_boxes")  # YOLO: see benchmarks/detection.py
OTHER += ("first_day",)  # nothing is trained
CONFIGS = Path(__file__).parents[1] / "configs"
HAPPYWHALE, OTHERS = (15_587, 26), (395, 1)  # individuals and species
QUICK = ["demo", "original_b0_512"]


def measure(name: str, variant: int, batch: int) -> dict:
    """One model's figures; runs in the process it measures."""
    import numpy as np
    import tensorflow as tf

    from tf_happywhale.models.classifier import build_classifier
    from tf_happywhale.models.embedder import build_embedder
    from tf_happywhale.training.update.learner import Learner
    from tf_happywhale.training.update.loss import Loss
    from tf_happywhale.training.update.optimizer import Optimizers
    from tf_happywhale.training.update.tensorflow_step import make_step
    from tf_happywhale.training.update.weight_average import WeightAverage

    experiment = variants_of(load_experiment(CONFIGS / f"{name}.yaml"))[variant]
    individuals, kinds = HAPPYWHALE if "happywhale" in str(experiment.data.root) else OTHERS
    model = experiment.model.model_copy(update={"weights": "none"})
    train = experiment.train.model_copy(update={"batch_size": batch, "accumulate": 1})
    embedder = build_embedder(model)
    classifier = build_classifier(embedder, model, [3] * individuals, [3] * kinds)
    species = np.arange(individuals) % kinds if model.species_weight else None
    average = (
        WeightAverage(classifier.trainable_variables, train.average) if train.average else None
    )
    loss = Loss(train.target_smoothing, species, model.species_weight)
    learner = Learner(classifier, Optimizers(classifier, train), average)
    step = make_step(tf.distribute.get_strategy(), learner, train, loss)
    size = experiment.image_size
    pictures = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3), dtype=np.uint8)
    begin = time.perf_counter()
    found = step(0, tf.constant(pictures), tf.range(batch, dtype=tf.int64), 1e-5)
    stepped = time.perf_counter()
    embedding = np.asarray(embedder(pictures, training=False))
    embedded = time.perf_counter()
    status = Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    if not (np.isfinite(found) and np.isfinite(embedding).all()):
        raise SystemExit(f"{name}: loss {found}, embeddings not all finite")
    return {
        "config": name,
        "backbone": model.backbone,
        "size": size,
        "parameters": classifier.count_params(),
        "seconds_step": round(stepped - begin, 1),
        "seconds_embedding": round(embedded - stepped, 1),
        "gigabytes": round(int(peak) / 2**20, 1),
    }


def write_header(name: str, rows: list[dict]) -> None:
    """Put a config's figures in the line of its header that is for them."""
    said = "; ".join(
        f"{row['backbone']} {row['seconds_step']:.0f} s with compiling, {row['gigabytes']:.1f} GB"
        for row in rows
    )
    file, begin = CONFIGS / f"{name}.yaml", "# A step of two pictures on a CPU:"
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [f"{begin} {said}." if line.startswith(begin) else line for line in lines]
    write_text(file, "\n".join(found) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = sorted({file.stem for file in CONFIGS.glob("*.yaml")} - set(OTHER))
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", default=names)
    parser.add_argument("--batch", type=int, default=2, help="pictures of the step")
    parser.add_argument("--quick", action="store_true", help="the two smallest")
    parser.add_argument("--headers", action="store_true", help="write into the configs' headers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print("FOUND " + json.dumps(measure(args.one[0], int(args.one[1]), args.batch)))
        return
    rows, seen = [], set()
    print(
        f"{'config':22}{'backbone':16}{'size':>5}{'parameters':>13}{'step':>8}{'embed':>8}{'GB':>7}"
    )
    for name in QUICK if args.quick else args.only:
        for n, variant in enumerate(variants_of(load_experiment(CONFIGS / f"{name}.yaml"))):
            if variant.name != name and variant.name in seen.union(names):
                continue  # another fold, or a config of its own
            seen.add(variant.name)
            command = [sys.executable, __file__, "--one", name, str(n), "--batch", str(args.batch)]
            cpu = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=cpu)
            if done.returncode:
                raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
            row = json.loads(done.stdout.split("FOUND ")[1])
            rows.append(row)
            print(
                f"{name:22}{row['backbone']:16}{row['size']:5}{row['parameters']:13,}"
                f"{row['seconds_step']:7.1f}s{row['seconds_embedding']:7.1f}s"
                f"{row['gigabytes']:7.1f}",
                flush=True,
            )
    if args.headers:
        for name in {row["config"] for row in rows}:
            write_header(name, [row for row in rows if row["config"] == name])
    if args.json is not None:
        write_json(args.json, {"rows": rows})


if __name__ == "__main__":
    main()
