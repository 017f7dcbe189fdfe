"""What a model of other animals is worth as a start, against ImageNet's weights.

    python benchmarks/start.py --data DIR [--output DIR] [--seed N ...] [--quick]

The individuals of a catalogue in Kaggle's layout are dealt into two halves by turns, those with
most images first. A model is trained on the first half. Then the second half is trained twice, with
the same folds, steps and seed: from ImageNet's weights, and from that model (`model.weights`). What
is printed is the mAP@5 by retrieval over the known individuals' images of fold 0, after each epoch.
No animal of the second half was ever seen by the first model. Finished trainings are not done
again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
FIRST_EPOCHS, EPOCHS, SIZE = 12, 6, 96


def write_halves(data: Path, output: Path) -> None:
    """The catalogue's rows of each half, as `first.csv` and `second.csv`."""
    table = pd.read_csv(data / "train.csv", dtype=str, keep_default_na=False)
    ordered = table["individual_id"].value_counts(sort=True).index.tolist()
    output.mkdir(parents=True, exist_ok=True)
    for name, half in (("first", ordered[::2]), ("second", ordered[1::2])):
        table[table["individual_id"].isin(half)].to_csv(output / f"{name}.csv", index=False)


def train(name: str, half: str, seed: int, args: argparse.Namespace, *more: str) -> Path:
    """Train fold 0 of a half; its run folder."""
    output = args.output / f"seed{seed}" / half
    keys = [
        f"name={name}", f"seed={seed}", f"output={output}", f"data.root={args.data}",
        f"data.catalogue={(args.output / half).resolve()}.csv", f"image_size={SIZE}",
        f"records.size={SIZE}", "fold=0", "train.validate_every=1", *more,
    ]  # fmt: skip
    config = str(ROOT / "configs" / "right_whale.yaml")
    for command in ("tfrecords", "train"):
        words = [sys.executable, "-m", f"tf_happywhale.{command}", config, *keys]
        subprocess.run(words, check=True, cwd=ROOT)
    return output / name / "fold0"


def curve(run: Path) -> list[float]:
    """mAP@5 after each epoch."""
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["map5_known"] for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="DIR", required=True)
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "start")
    parser.add_argument("--seed", type=int, nargs="+", default=[42], metavar="N")
    parser.add_argument("--quick", action="store_true", help="one epoch each, to try the script")
    args = parser.parse_args()
    args.data = args.data.resolve()
    first, epochs = (1, 1) if args.quick else (FIRST_EPOCHS, EPOCHS)
    write_halves(args.data, args.output)
    for seed in args.seed:
        other = train("start", "first", seed, args, f"train.epochs={first}")
        for name, weights in (("imagenet", "default"), ("other_animals", str(other))):
            run = train(
                name, "second", seed, args, f"train.epochs={epochs}", f"model.weights={weights}"
            )
            best = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
            epochs_said = " ".join(f"{value:.3f}" for value in curve(run))
            print(
                f"seed {seed}, from {name:14} mAP@5 {best['map5_known']:.3f} on "
                f"{best['queries_known']} images; by epoch {epochs_said}",
                flush=True,
            )


if __name__ == "__main__":
    main()
