"""What each part of the winning recipe is worth, on real animals: one fold, a small network.

    python benchmarks/recipe.py --data DIR                         (right whales: fold 0, lite0,
    python benchmarks/recipe.py --data DIR --seed 42 1              128×128 pixels, 12 epochs)
    python benchmarks/recipe.py --data DIR --seed 42 1 --only "two stages" average
    python benchmarks/recipe.py --pod                              (species head and crops)
    python benchmarks/recipe.py --quick                            (three rows on a tiny pod)

A row changes some keys of the config and stands beside the last kept row before it: the difference
of mAP@5 over the fold's known individuals, and its 95% paired bootstrap interval, drawing whole
individuals. A row marked `kept` is what the next ones build on. Rows of retrieval train nothing.
Everything lies in `--output`; finished trainings are not done again, so that the same command goes
on where it was stopped, and another seed adds columns. `--markdown FILE` puts the table into a page
between the lines `<!-- whales -->` and `<!-- /whales -->` (or `pod`, `quick`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.disk.files import write_json, write_text

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """A change to the recipe."""

    group: str
    name: str
    keys: dict[str, str] = field(default_factory=dict)  # beyond those of the kept rows before it
    kept: bool = False  # later rows have these keys too


# What is kept was decided before any row was measured: the strong presets' parts, in their order.
WHALES = (
    Row("original", "the original's recipe", kept=True),
    # Here, since later rows look at a part that is not the same in a mirror.
    Row("retrieval", "mirrored pictures beside",
        {"rank.mirrored": "joined", "embed.mirrored": "true"}),
    Row("retrieval", "mirrored pictures as images",
        {"rank.mirrored": "images", "embed.mirrored": "true"}),
    # As many pixels as before: 137 × 110 of 192 × 192.
    Row("crop", "the middle of the picture alone",
        {"model.region": "[0.214286, 0.214286, 0.928572, 0.785715]", "image_size": "192"},
        kept=True),
    Row("augmentation", "as aligned pictures vary",
        {"augment.translate": "0.06", "augment.grid_shuffle_p": "0", "augment.flip_p": "0",
         "augment.crop_scale": "[0.7, 1]", "augment.crop_ratio": "[0.8, 1.25]",
         "augment.grey_p": "0.3", "augment.brightness_contrast_p": "0.9",
         "augment.brightness": "0.3", "augment.contrast": "0.4", "augment.cutout_p": "0.3"},
        kept=True),
    Row("head", "two sub-centres, margin by image count",
        {"model.subcentres": "2", "model.dynamic_margin": "[0.27126, -0.364399, 0.05]",
         "model.scale": "20.96"}, kept=True),
    Row("neck", "two stages, BatchNorm as embedding",
        {"model.pooling": "last_two", "model.embedding_size": "null"}, kept=True),
    Row("neck", "three columns pooled beside", {"model.columns": "3"}, kept=True),
    Row("schedule", "head faster, warm-up",
        {"train.head_rate": "10", "train.learning_rate": "5e-4", "train.warmup_epochs": "2.4"}),
    Row("schedule", "average of the weights, warm-up",
        {"train.average": "0.99", "train.warmup_epochs": "1"}, kept=True),
    Row("sampling", "individuals balanced by half", {"train.balance": "0.5"}),
    Row("augmentation", "half the pictures mixed", {"augment.mixup_p": "0.5"}),
    # Of the weights of the row before: only what is done with them differs.
    Row("size", "embedded a sixth larger, whitened",
        {"image_size": "224", "train.last_size": "192", "model.whitening": "1"}, kept=True),
    Row("retrieval", "mean of the two best images", {"rank.best_of": "2"}),
    Row("retrieval", "half the head's centres", {"rank.centre_share": "0.5"}),
    Row("pseudo-labels", "one round", {"pseudo.rounds": "1"}, kept=True),
)  # fmt: skip
POD = (
    Row("demo", "the demo's recipe", kept=True),
    Row("head", "margin by image count",
        {"model.dynamic_margin": "[0.27126, -0.364399, 0.05]", "model.scale": "20.96"}, kept=True),
    Row("species", "a head for species", {"model.species_weight": "0.563"}),
    Row("crops", "fullbody and whole picture drawn too",
        {"records.more_sources": "[fullbody, whole]",
         "augment.crops": "{backfin: 0.6, fullbody: 0.25, whole: 0.15}"}),
    Row("crops", "and all of them embedded",
        {"records.more_sources": "[fullbody, whole]", "records.embed_source": "all",
         "augment.crops": "{backfin: 0.6, fullbody: 0.25, whole: 0.15}"}),
)  # fmt: skip
TINY = {
    "pod.individuals": "8", "pod.new_individuals": "2", "pod.singletons": "2", "pod.width": "300",
    "pod.height": "200", "data.folds": "3", "image_size": "64", "records.size": "64",
    "train.epochs": "1", "train.validate_every": "1", "train.batch_size": "8",
}  # fmt: skip


def command_line(row: Row, before: list[Row], seed: int, args: argparse.Namespace) -> list[str]:
    """The config and keys of a row. Rows that train alike share a name, and so their models."""
    if args.data is not None:
        config, keys = "right_whale.yaml", {"data.root": str(args.data)}
        keys |= {"image_size": "128", "train.epochs": "12", "train.validate_every": "12"}
    else:
        config, keys = "demo.yaml", {"train.validate_every": "30"}
    keys |= TINY if args.quick else {}
    keys |= {"seed": str(seed), "output": str(args.output / f"seed{seed}"), "fold": "0"}
    for each in (*before, row):
        keys |= each.keys
    training = {k: v for k, v in keys.items() if not k.startswith(("rank.", "embed.", "pseudo."))}
    keys["name"] = name_of(training, row)
    return [str(ROOT / "configs" / config), *(f"{key}={value}" for key, value in keys.items())]


NAMES: dict[str, str] = {}  # by the keys that training reads


def name_of(training: dict[str, str], row: Row) -> str:
    """The experiment's name: of the first row that trains with these keys."""
    words = "-".join(word for word in row.name.replace(",", "").replace("'", "").split())
    same = {key: value for key, value in training.items() if key not in ("output", "seed")}
    return NAMES.setdefault(json.dumps(same, sort_keys=True), f"{row.group}-{words}")


def run_row(line: list[str], experiment: Experiment, log: Path) -> None:
    """Train, embed and label as the row wants, where that is not done; output goes to a log.

    Raises:
        SystemExit: a command failed.
    """
    stages = [("tfrecords", [])]
    for number in range(experiment.round + 1):
        this = [f"pseudo.round={number}"]
        stages += [("pseudo", this)] if number else []
        stages += [("train", this), ("embed", this)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        for command, more in stages:
            words = [sys.executable, "-m", f"tf_happywhale.{command}", *line, *more]
            done = subprocess.run(words, stdout=file, stderr=file, check=False, cwd=ROOT)
            if done.returncode:
                raise SystemExit(f"{command} failed, see the end of {log}: {' '.join(words)}")


def precision(experiment: Experiment) -> tuple[np.ndarray, np.ndarray]:
    """1/rank within five of each of the fold's known individuals' images, float64 [n], and who is
    in them; the images in the catalogue's order."""
    from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.retrieval.ensemble.members import load_labelled_gallery
    from tf_happywhale.retrieval.ensemble.out_of_fold import score_fold
    from tf_happywhale.retrieval.metrics import average_precision
    from tf_happywhale.retrieval.submission import ANSWERS

    data = load_data(experiment)
    gallery = load_labelled_gallery(experiment, data)
    if experiment.rank.centre_share:
        gallery = gallery.with_unseen()
    found, rows = score_fold(gallery, experiment.fold, [0], [1.0], ANSWERS, experiment.rank)
    truth = gallery.truth[rows]
    known = truth != NEW_INDIVIDUAL
    ranked = found.individual_id[known].tolist()
    return average_precision(ranked, truth[known].tolist()), truth[known]


def minutes(experiment: Experiment) -> float:
    """Of training and embedding, all rounds, as the stages have noted them."""
    total = 0.0
    for number in range(experiment.round + 1):
        name = experiment.name + (f"-round{number}" if number else "")
        folder = Path(experiment.output) / ".stages"
        for stage in [f"train-{name}-fold-0", *(f"embed-{name}-fold-0-{split}" for split in
                      ("train", "test", "train-mirrored", "test-mirrored"))]:  # fmt: skip
            file = folder / f"{stage}.json"
            if file.is_file():
                total += json.loads(file.read_text(encoding="utf-8"))["seconds"]
    return total / 60


def measure(rows: tuple[Row, ...], seed: int, args: argparse.Namespace) -> list[dict]:
    """Every row's figures for one seed, printed as they come."""
    from tf_happywhale.retrieval.metrics import interval, weighted_mean

    NAMES.clear()
    found, kept, reference = [], [], None
    for row in rows:
        line = command_line(row, kept, seed, args)
        wanted = args.only is None or row.kept or any(part in row.name for part in args.only)
        if not wanted:
            continue
        experiment = load_experiment(line[0], line[1:])
        run_row(line, experiment, args.output / f"seed{seed}" / "log.txt")
        own, who = precision(experiment)
        figures = {"seed": seed, "group": row.group, "row": row.name, "kept": row.kept}
        figures |= {"map5": float(own.mean()), "images": len(own), "keys": row.keys}
        figures |= {"minutes": round(minutes(experiment), 1), "difference": None, "interval": None}
        if reference is not None:
            more = own - reference
            figures["difference"] = float(more.mean())
            drawn = interval(lambda times, more=more: weighted_mean(more, times), who, seed)
            figures["interval"] = drawn
        found.append(figures)
        print(describe(figures), flush=True)
        if row.kept:
            kept.append(row)
            reference = own
    return found


def describe(figures: dict) -> str:
    """A row for the terminal."""
    line = f"seed {figures['seed']}  {figures['group']:14}{figures['row']:38}{figures['map5']:6.3f}"
    if figures["interval"]:
        low, high = figures["interval"]
        line += f"  {figures['difference']:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"{line}  {figures['minutes']:.1f} min{'  kept' if figures['kept'] else ''}"


def table(found: list[dict], seeds: list[int]) -> str:
    """All rows in markdown, each seed with columns of its own."""
    head = "| group | row | " + " | ".join(f"mAP@5, seed {s} | against before" for s in seeds)
    lines = [f"{head} | minutes | kept |", "|" + "---|" * (4 + 2 * len(seeds))]
    for group, name in dict.fromkeys((part["group"], part["row"]) for part in found):
        own = {part["seed"]: part for part in found if part["row"] == name}
        cells, last = [], next(iter(own.values()))
        for seed in seeds:
            part = own.get(seed)
            cells.append(f"{part['map5']:.3f}" if part else "not run")
            if part and part["interval"]:
                low, high = part["interval"]
                cells.append(f"{part['difference']:+.3f} ({low:+.3f} to {high:+.3f})")
            else:
                cells.append("")
        cells += [f"{last['minutes']:.1f}", "yes" if last["kept"] else "no"]
        lines.append(f"| {group} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_table(page: Path, name: str, text: str) -> None:
    """Put a table between its two marks in a page; at the end of one that has none."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    written = page.read_text(encoding="utf-8") if page.is_file() else ""
    if begin not in written or end not in written:
        written += f"\n{begin}{end}"
    before, _, rest = written.partition(begin)
    write_text(page, f"{before}{begin}{text}{end}{rest.partition(end)[2]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="right whales, Kaggle's layout")
    parser.add_argument("--pod", action="store_true", help="species head and crops, on the pod")
    parser.add_argument("--quick", action="store_true", help="three rows on a tiny pod")
    parser.add_argument("--seed", type=int, nargs="+", default=[42], metavar="N")
    parser.add_argument("--only", nargs="+", metavar="PART", help="rows named so, and kept ones")
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "recipe")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    args = parser.parse_args()
    if args.data is None and not (args.pod or args.quick):
        parser.error("name the right whales with --data DIR, or say --pod or --quick")
    if args.data is not None:
        rows, args.output = WHALES, args.output.resolve() / "whales"
        args.data = args.data.resolve()
    else:
        rows, args.output = POD, args.output.resolve() / ("quick" if args.quick else "pod")
    if args.quick:
        neck = Row("neck", "two stages", {"model.pooling": "last_two"}, kept=True)
        best = Row("retrieval", "mean of the two best images", {"rank.best_of": "2"})
        rows, args.data = (POD[0], neck, best), None
    found = [part for seed in args.seed for part in measure(rows, seed, args)]
    text = table(found, args.seed)
    print("\n" + text)
    if args.markdown is not None:
        write_table(args.markdown, args.output.name, text)
    if args.json is not None:
        write_json(args.json, {"rows": found})


if __name__ == "__main__":
    main()
