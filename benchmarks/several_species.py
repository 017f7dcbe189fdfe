"""One model for several species beside one model for each.

    python benchmarks/several_species.py --whales DIR --seals DIR [--size 96] [--epochs 6]
        [--seed 42] [--individuals N] [--output DIR] [--json FILE]

The catalogues are whales (aligned pictures without boxes), the drawn pod (fins, with its boxes),
and seals (with `detections.json`, of which `identify` takes one box a photograph). They are laid
out alike in --output, with hard links to the photographs: ids are text with the catalogue's name
before them, each picture has one box, and the species is a column. A fifth of the whales' and of
the pod's images, and half of the seals' days, are held out of every training. Then each catalogue
trains a model, and all three together train one with a head for species, by one config and seed,
and for the same number of epochs, so that each image is seen equally often. Batches have 32 images;
a catalogue of fewer than 128 has at least four.

Each held-out image is asked of all images of its catalogue without those of its day. Printed are
mAP@5 and its interval (whole individuals drawn), and the gain over the catalogue's own model. The
seals are asked by the whales' model too, which has seen no seal: once the same images, once all of
them. --individuals takes so many of the whales, to be quicker. Finished trainings are not done
again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from own_questions import HEAD, Answers, answers, figures, gallery_of, say
from PIL import Image

from tf_happywhale.catalogue.bursts import bursts_of, deal_bursts
from tf_happywhale.catalogue.dataset import draw_pod
from tf_happywhale.catalogue.folds import stratified_folds
from tf_happywhale.config import load_experiment
from tf_happywhale.disk.files import write_csv, write_json
from tf_happywhale.places import data_root

ROOT = Path(__file__).parents[1]
SOURCE, SPECIES_WEIGHT = "animal", 0.563  # the weight of the first place's recipe
FOLDS, DAYS = 5, 2  # one part of so many is held out
BOX = ["image", "source", "xmin", "ymin", "xmax", "ymax"]


@dataclass(frozen=True)
class Catalogue:
    """A catalogue before it is laid out.

    Attributes:
        name: of its folder, and before its images and ids.
        rows: columns image, species, individual_id, path, xmin, ymin, xmax, ymax.
        held_out: bool [n].
    """

    name: str
    rows: pd.DataFrame
    held_out: np.ndarray


def table_of(data: Path) -> pd.DataFrame:
    """Return the table of a catalogue folder, without pictures that stand in it twice."""
    table = pd.read_csv(data / "train.csv", dtype=str, keep_default_na=False)
    table = table[~table["image"].duplicated(keep=False)].reset_index(drop=True)
    table["path"] = [str(data / "train_images" / image) for image in table["image"]]
    return table


def whales_of(data: Path, individuals: int | None) -> Catalogue:
    """Whole pictures; of so many individuals, those with the most images."""
    table = table_of(data)
    if individuals is not None:
        few = table["individual_id"].value_counts().index[:individuals]
        table = table[table["individual_id"].isin(few)].reset_index(drop=True)
    table[BOX[2:]] = [whole(path) for path in table["path"]]
    return Catalogue("whales", table, stratified_folds(list(table["individual_id"]), FOLDS) == 0)


def whole(path: str) -> list[int]:
    """Return the box of a whole picture."""
    with Image.open(path) as picture:
        return [0, 0, *picture.size]


def pod_of(output: Path, quick: bool) -> Catalogue:
    """The demo's pod, which is drawn if need be; the boxes of its fins."""
    small = ["individuals=8", "new_individuals=1", "singletons=2", "width=300", "height=200"]
    keys = [f"output={output / 'drawn'}", *(f"pod.{key}" for key in small if quick)]
    experiment = load_experiment(ROOT / "configs" / "demo.yaml", keys)
    draw_pod(experiment)
    data = data_root(experiment)
    boxes = pd.read_csv(data / "boxes.csv").query("source == 'backfin'")
    table = table_of(data).merge(boxes[[name for name in BOX if name != "source"]], on="image")
    return Catalogue("pod", table, stratified_folds(list(table["individual_id"]), FOLDS) == 0)


def seals_of(data: Path, output: Path) -> Catalogue:
    """The boxes that `identify` reads, and whole days held out."""
    keys = [f"output={output / 'read'}", f"identify.boxes={data / 'detections.json'}"]
    images = gallery_of("lite0", data, keys).images
    found = pd.DataFrame({name: images.column(name) for name in ("box", "date", "content")})
    found["image"] = images.image
    table = table_of(data).merge(found, on="image")
    table = table[~table["content"].duplicated(keep=False)].reset_index(drop=True)
    boxes = zip(table["box"], table["path"], strict=True)
    table[BOX[2:]] = [list(map(int, box.split()[1:])) or whole(path) for box, path in boxes]
    who = list(table["individual_id"])
    bursts = bursts_of(table[["image", "individual_id"]], list(table["date"]))
    return Catalogue("seals", table, deal_bursts(bursts.tolist(), who, DAYS) == 0)


def lay_out(folder: Path, catalogues: list[Catalogue]) -> None:
    """Write a catalogue folder of one or several: `train.csv` with all images, `training.csv`
    without those held out, `boxes.csv`, and the pictures."""
    for name in ("train_images", "test_images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    parts, kept = [], []
    for each in catalogues:
        rows = each.rows.copy()
        rows["image"] = [named(each, image) for image in rows["image"]]
        rows["individual_id"] = [f"{each.name}-{who}" for who in rows["individual_id"]]
        for image, path in zip(rows["image"], rows["path"], strict=True):
            link(Path(path), folder / "train_images" / image)
        parts.append(rows.assign(source=SOURCE))
        kept.append(~each.held_out)
    table, columns = pd.concat(parts, ignore_index=True), ["image", "species", "individual_id"]
    write_csv(folder / "train.csv", table[columns])
    write_csv(folder / "training.csv", table.loc[np.concatenate(kept), columns])
    write_csv(folder / "boxes.csv", table[BOX])


def named(catalogue: Catalogue, image: str) -> str:
    """Return the name of a picture beside those of other catalogues."""
    return f"{catalogue.name}-{image}"


def link(path: Path, target: Path) -> None:
    """Put a picture there too; a copy on another disk."""
    if not target.exists():
        try:
            os.link(path, target)
        except OSError:
            shutil.copy(path, target)


def train(name: str, given: argparse.Namespace, *more: str) -> Path:
    """Train on a laid-out folder; its run folder."""
    data = given.output / name
    count = len(pd.read_csv(data / "training.csv"))
    keys = [
        f"name=of_{name}", f"seed={given.seed}", f"output={given.output / 'trained'}",
        f"data.root={data}", "data.catalogue=training.csv", "data.fold_by=stratified",
        f"data.folds={min(50, max(2, count // 4))}", "fold=0", f"records.source={SOURCE}",
        f"image_size={given.size}", f"records.size={given.size}",
        f"train.epochs={given.epochs}", f"train.validate_every={given.epochs}",
        f"train.batch_size={min(32, count // 4)}", *more,
    ]  # fmt: skip
    config = str(ROOT / "configs" / "right_whale.yaml")
    log = given.output / f"{name}.log"
    with log.open("a", encoding="utf-8") as file:
        for command in ("tfrecords", "train"):
            words = [sys.executable, "-m", f"tf_happywhale.{command}", config, *keys]
            if subprocess.run(words, stdout=file, stderr=file, check=False, cwd=ROOT).returncode:
                raise SystemExit(f"{command} failed, see the end of {log}")
    return given.output / "trained" / f"of_{name}" / "fold0"


def ask_model(model: Path | str, each: Catalogue, given: argparse.Namespace, everything=False):
    """The answers of a model to the held-out images of a catalogue, or to all."""
    keys = [f"output={given.output / 'asked'}", f"records.source={SOURCE}"]
    keys.append("data.catalogue=train.csv")  # a trained model's is the one without them
    images = gallery_of(str(model), given.output / each.name, keys).images
    out = {named(each, image) for image in each.rows["image"][each.held_out]}
    rows = np.flatnonzero([everything or image in out for image in images.image.tolist()])
    return answers(images, None, rows)


def report(catalogues: list[Catalogue], given: argparse.Namespace) -> list[dict]:
    """Train, and print a row for each catalogue and model."""
    table: list[dict] = []
    print(HEAD)
    common = train("all", given, f"model.species_weight={SPECIES_WEIGHT}")
    own = {each.name: train(each.name, given) for each in catalogues}

    def row(words: str, found: Answers, against: Answers | None = None) -> Answers:
        table.append(say(words, figures(found, against)))
        return found

    for each in catalogues:
        first = row(f"{each.name}, their own model", ask_model(own[each.name], each, given))
        row(f"{each.name}, the common model", ask_model(common, each, given), first)
        row(f"{each.name}, lite0 frozen, centred", ask_model("lite0", each, given), first)
        if each.name == "seals":
            row("seals, the whales' model", ask_model(own["whales"], each, given), first)
            by_whales = ask_model(own["whales"], each, given, everything=True)
            row("seals, the whales' model, all images", by_whales)
    return table


def main() -> None:
    """Lay the catalogues out, train, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--whales", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seals", type=Path, required=True, metavar="DIR")
    parser.add_argument("--individuals", type=int, metavar="N", help="of the whales; all without")
    parser.add_argument("--size", type=int, default=96, help="of the pictures, pixels")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "several-species")
    parser.add_argument("--quick", action="store_true", help="8 individuals each, to try it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    given = parser.parse_args()
    given.output = given.output.resolve()
    few = 8 if given.quick else given.individuals
    catalogues = [
        whales_of(given.whales.resolve(), few),
        pod_of(given.output, given.quick),
        seals_of(given.seals.resolve(), given.output),
    ]
    for each in catalogues:
        lay_out(given.output / each.name, [each])
        print(f"{each.name}: {len(each.rows)} images, {each.held_out.sum()} held out")
    lay_out(given.output / "all", catalogues)
    table = report(catalogues, given)
    if given.json:
        write_json(given.json, table)


if __name__ == "__main__":
    main()
