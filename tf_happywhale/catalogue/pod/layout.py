"""The synthetic pod as a data folder in Kaggle's layout, with the answers."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import cv2
import pandas as pd
from tqdm import tqdm

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.pod.drawn_photograph import Corners, draw_photograph, jpeg_quality
from tf_happywhale.catalogue.pod.fin import SPECIES
from tf_happywhale.catalogue.pod.population import (
    Population,
    draw_population,
    pod_fin,
)
from tf_happywhale.catalogue.pod.spots import LEFT
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Pod
from tf_happywhale.disk.files import atomic_write, shown, write_bytes, write_json
from tf_happywhale.errors import InputError

DRAWING = 1  # raised whenever the same arguments give other files
MARKER = "pod.json"
STARTED = "pod.started"
NO_FIN = "test_images_no_fin"
ORIGIN = "pod"  # of the boxes
_FOLDERS = ("train_images", "test_images", NO_FIN)
_TABLES = ("train.csv", "sample_submission.csv", "answers.csv", "boxes.csv")


def write_pod(root: Path, settings: Pod, *, seed: int, workers: int) -> None:
    """Write the pod into `root`: the same bytes whenever settings and seed are the same.

    The files are `train.csv`, `train_images/`, `test_images/`, `sample_submission.csv`,
    `answers.csv`, `boxes.csv` (sources `backfin` and `fullbody` of all photographs),
    `test_images_no_fin/` (the test photographs without the animal) and, written last, `pod.json`
    with the settings. A folder that has all of them is left as it is.

    Args:
        root: the data folder, which is made if it is not there.
        settings: how many individuals and photographs, and how large.
        seed: chooses the whole pod.
        workers: processes; the files do not depend on their number.

    Raises:
        InputError: the numbers contradict one another, or `root` holds files that are not a pod's.
    """
    root = Path(root)
    wanted = {
        "drawing": DRAWING,
        "seed": seed,
        "individuals": settings.individuals,
        "new_individuals": settings.new_individuals,
        "singletons": settings.singletons,
        "mean_images": float(settings.mean_images),
        "test_images_per_individual": float(settings.test_images),
        "width": settings.width,
        "height": settings.height,
    }
    if settings.spots:  # so that the file of a pod without any stays what it was
        wanted["spots"] = settings.spots
    if settings.singletons > settings.individuals:
        raise InputError(
            f"{settings.singletons} singletons do not fit among {settings.individuals} "
            "individuals: lower pod.singletons."
        )
    known = _marker(root)
    if known == wanted and all((root / name).exists() for name in (*_FOLDERS, *_TABLES)):
        return
    if known is not None:
        _check_untouched(root, known)
    _clear(root)
    population = _population(wanted)
    draw = partial(_write_photograph, root, population, wanted)
    jobs = range(len(population.photographs))
    with tqdm(total=len(jobs), desc="drawing the pod", unit="photo") as bar:
        boxes = []
        for found in _each(draw, jobs, workers):
            boxes.append(found)
            bar.update()
    _write_tables(root, population, boxes)
    write_json(root / MARKER, wanted)
    (root / STARTED).unlink()


def _write_photograph(
    root: Path, population: Population, wanted: dict, job: int
) -> dict[str, Corners]:
    """Draw a photograph, of the test images also one without the animal; return its boxes."""
    photograph, seed = population.photographs[job], wanted["seed"]
    spots = wanted.get("spots", 0)
    fin = pod_fin(population, seed, photograph.individual, spots)
    stream = [seed, 3, job]
    variants = [(f"{photograph.split}_images", True)]
    if photograph.split == "test":
        variants.append((NO_FIN, False))
    for folder, with_animal in variants:
        size = {"width": wanted["width"], "height": wanted["height"]}
        side = LEFT if spots else None
        picture, boxes = draw_photograph(
            fin, seed=stream, with_animal=with_animal, side=side, **size
        )
        quality = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality(stream)]
        encoded = cv2.imencode(".jpg", picture[..., ::-1], quality)[1]
        write_bytes(root / folder / photograph.image, encoded.tobytes(), lasting=False)
    return boxes


def _each(draw: partial, jobs: range, workers: int) -> Iterable[dict[str, Corners]]:
    """Yield the boxes of the photographs, in order."""
    if workers <= 1:
        _one_thread()
        yield from map(draw, jobs)
        return
    # Forking a process that has started TensorFlow's threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        yield from pool.map(draw, jobs, chunksize=4)


def _one_thread() -> None:
    cv2.setNumThreads(1)


def _write_tables(root: Path, population: Population, boxes: list[dict[str, Corners]]) -> None:
    train = [p for p in population.photographs if p.split == "train"]
    test = [p for p in population.photographs if p.split == "test"]
    ids, species = population.individual_ids, population.species
    rows = [(p.image, SPECIES[species[p.individual]].name, ids[p.individual]) for p in train]
    _write_csv(root / "train.csv", ["image", "species", "individual_id"], rows)
    first = " ".join([NEW_INDIVIDUAL, *sorted(ids[: population.known])[:4]])
    submission = [(p.image, first) for p in test]
    _write_csv(root / "sample_submission.csv", ["image", "predictions"], submission)
    answers = [
        (p.image, ids[p.individual] if p.individual < population.known else NEW_INDIVIDUAL)
        for p in test
    ]
    _write_csv(root / "answers.csv", ["image", "individual_id"], answers)
    rows = [
        (p.image, source, *box, 1, ORIGIN)
        for p, found in zip(population.photographs, boxes, strict=True)
        for source, box in sorted(found.items())
    ]
    columns = ["image", "source", "xmin", "ymin", "xmax", "ymax", "confidence", "origin"]
    _write_csv(root / "boxes.csv", columns, rows)


def _write_csv(path: Path, columns: list[str], rows: list[tuple]) -> None:
    with atomic_write(path) as temporary:
        pd.DataFrame(rows, columns=columns).to_csv(temporary, index=False, lineterminator="\n")


def _marker(root: Path) -> dict | None:
    with suppress(FileNotFoundError, json.JSONDecodeError):
        return json.loads((root / MARKER).read_text(encoding="utf-8"))
    return None


def _population(wanted: dict) -> Population:
    names = (
        "seed", "individuals", "new_individuals", "singletons", "mean_images",
        "test_images_per_individual",
    )  # fmt: skip
    return draw_population(*(wanted[name] for name in names))


def _check_untouched(root: Path, known: dict) -> None:
    """Raise InputError if something was added to a finished pod: drawing it again would remove what
    `gallery add` or a person has put there."""
    population = _population(known)
    drawn = {(p.image, population.individual_ids[p.individual]) for p in population.photographs}
    there = set()
    if (root / "train.csv").is_file():
        table = pd.read_csv(root / "train.csv", dtype=str, keep_default_na=False)
        there = set(zip(table["image"], table["individual_id"], strict=True))
    images = {image for image, _ in drawn}
    photographs = [file.name for name in _FOLDERS for file in shown((root / name).glob("*"))]
    origins = {ORIGIN}
    if (root / "boxes.csv").is_file():
        origins |= set(read_text_table(root / "boxes.csv", ["origin"])["origin"])
    if not (there <= drawn and images.issuperset(photographs) and origins == {ORIGIN}):
        raise InputError(
            f"{root} holds a synthetic pod that was drawn with other arguments, and something was "
            "added to it: move it away, or name another folder."
        )


def _clear(root: Path) -> None:
    """Remove an older or unfinished pod, and nothing else."""
    ours = (root / MARKER).exists() or (root / STARTED).exists()
    taken = [name for name in (*_FOLDERS, *_TABLES) if (root / name).exists()]
    if taken and not ours:
        raise InputError(
            f"{root} holds {taken[0]} but no {MARKER}, so it is not a synthetic pod: "
            "choose an empty folder for the pod."
        )
    root.mkdir(parents=True, exist_ok=True)
    (root / STARTED).touch()
    (root / MARKER).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    for name in _TABLES:
        (root / name).unlink(missing_ok=True)
