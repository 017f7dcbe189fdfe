"""What a model of other animals is worth as a start, against ImageNet's weights.

    python benchmarks/start.py --data DIR [--output DIR] [--seed N ...] [--quick]

The individuals of a catalogue in Kaggle's layout are dealt into two halves by turns, those with
most images first. A model is trained on the first half. Then the second half is trained from
ImageNet's weights, and from that model (`model.weights`): for 3, 6 and 12 epochs, each with a
schedule of its own; and in several ways, such as with a frozen backbone in the first third of the
epochs. Folds, steps and seed are the same. What is printed is the mAP@5 by retrieval over the known
individuals' images of fold 0, after the last epoch. No animal of the second half was ever seen by
the first model. Finished trainings are not done again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
FIRST_EPOCHS, EPOCHS, SIZE = 12, (3, 6, 12), 96
WAYS = {
    "all": "everything trained from the first step",
    "frozen": "backbone frozen for a third of the epochs",
    "slower": "backbone at a quarter of the rate",
    "head": "backbone frozen in all epochs",
}


def keys_of(way: str, epochs: int) -> list[str]:
    """The keys that make a training one of WAYS."""
    return {
        "all": [],
        "frozen": [f"train.freeze_epochs={max(1, epochs // 3)}"],
        "slower": ["train.learning_rate=2.5e-4", "train.head_rate=4"],
        "head": [f"train.freeze_epochs={epochs}"],
    }[way]


def write_halves(data: Path, output: Path) -> None:
    """The catalogue's rows of each half, as `first.csv` and `second.csv`."""
    table = pd.read_csv(data / "train.csv", dtype=str, keep_default_na=False)
    ordered = table["individual_id"].value_counts(sort=True).index.tolist()
    output.mkdir(parents=True, exist_ok=True)
    for name, half in (("first", ordered[::2]), ("second", ordered[1::2])):
        table[table["individual_id"].isin(half)].to_csv(output / f"{name}.csv", index=False)


def train(
    name: str, half: str, epochs: int, seed: int, args: argparse.Namespace, *more: str
) -> Path:
    """Train fold 0 of a half; its run folder."""
    output = args.output / f"seed{seed}" / half
    keys = [
        f"name={name}", f"seed={seed}", f"output={output}", f"data.root={args.data}",
        f"data.catalogue={(args.output / half).resolve()}.csv", f"image_size={SIZE}",
        f"records.size={SIZE}", "fold=0", f"train.epochs={epochs}",
        f"train.validate_every={epochs}", *more,
    ]  # fmt: skip
    config = str(ROOT / "configs" / "right_whale.yaml")
    for command in ("tfrecords", "train"):
        words = [sys.executable, "-m", f"tf_happywhale.{command}", config, *keys]
        subprocess.run(words, check=True, cwd=ROOT)
    return output / name / "fold0"


def measured(run: Path) -> dict:
    """The metrics of a finished training."""
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="DIR", required=True)
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "start")
    parser.add_argument("--seed", type=int, nargs="+", default=[42], metavar="N")
    parser.add_argument("--quick", action="store_true", help="two epochs each, to try the script")
    args = parser.parse_args()
    args.data = args.data.resolve()
    first, lengths = (1, (2,)) if args.quick else (FIRST_EPOCHS, EPOCHS)
    write_halves(args.data, args.output)
    for seed in args.seed:
        other = train("start", "first", first, seed, args)
        for start, weights in (("imagenet", "default"), ("other_animals", str(other))):
            for way, said in WAYS.items():
                found = []
                for epochs in lengths:
                    keys = [f"model.weights={weights}", *keys_of(way, epochs)]
                    run = train(f"{start}_{way}_{epochs}", "second", epochs, seed, args, *keys)
                    found.append(f"{measured(run)['map5_known']:.3f} after {epochs}")
                print(f"seed {seed}, from {start}, {said}: mAP@5 {', '.join(found)}", flush=True)


if __name__ == "__main__":
    main()
