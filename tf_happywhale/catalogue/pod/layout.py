"""The whole synthetic pod as a data folder in Kaggle's layout, with the answers beside it."""

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
from tf_happywhale.catalogue.pod.drawn_photograph import Box, draw_photograph, jpeg_quality
from tf_happywhale.catalogue.pod.fin import SPECIES
from tf_happywhale.catalogue.pod.population import (
    Population,
    draw_population,
    pod_fin,
)
from tf_happywhale.disk.files import atomic_write, write_bytes, write_json
from tf_happywhale.errors import InputError

DRAWING = 1  # raised whenever the same arguments give other files
MARKER = "pod.json"
STARTED = "pod.started"
NO_FIN = "test_images_no_fin"
_FOLDERS = ("train_images", "test_images", NO_FIN)
_TABLES = ("train.csv", "sample_submission.csv", "answers.csv", "boxes.csv")


def write_pod(
    root: Path,
    *,
    seed: int,
    individuals: int,
    new_individuals: int,
    singletons: int,
    mean_images: float,
    test_images_per_individual: float,
    width: int,
    height: int,
    workers: int,
) -> None:
    """Writes the pod into `root`, the same bytes whenever the arguments are the same.

    The files are `train.csv`, `train_images/`, `test_images/`, `sample_submission.csv`,
    `answers.csv`, `boxes.csv` (sources `backfin` and `fullbody` of all photographs),
    `test_images_no_fin/` (the test photographs with the animal left out) and, written last,
    `pod.json` with the arguments. A folder that has them is left as it is.

    Args:
        root: the data folder; made when it is not there.
        seed: chooses the whole pod.
        individuals: known ones, which have photographs in `train.csv`.
        new_individuals: those that are in test photographs only.
        singletons: how many of the known have one train photograph.
        mean_images: of the train photographs of the other known ones.
        test_images_per_individual: mean over known and new; each has at least one.
        width: of a photograph, pixels.
        height: of a photograph, pixels.
        workers: processes; the files do not depend on it.

    Raises:
        InputError: the numbers cannot be met, or `root` holds files that are not a pod's.
    """
    root = Path(root)
    wanted = {
        "drawing": DRAWING,
        "seed": seed,
        "individuals": individuals,
        "new_individuals": new_individuals,
        "singletons": singletons,
        "mean_images": float(mean_images),
        "test_images_per_individual": float(test_images_per_individual),
        "width": width,
        "height": height,
    }
    _check(wanted)
    known = _marker(root)
    if known == wanted and all((root / name).exists() for name in (*_FOLDERS, *_TABLES)):
        return
    if known is not None:
        _check_untouched(root, known)
    _clear(root)
    plan = _plan(wanted)
    draw = partial(_write_photograph, root, plan, seed, width, height)
    jobs = range(len(plan.photographs))
    with tqdm(total=len(jobs), desc="drawing the pod", unit="photo") as bar:
        boxes = []
        for found in _each(draw, jobs, workers):
            boxes.append(found)
            bar.update()
    _write_tables(root, plan, boxes)
    write_json(root / MARKER, wanted)
    (root / STARTED).unlink()


def _write_photograph(
    root: Path, plan: Population, seed: int, width: int, height: int, job: int
) -> dict[str, Box]:
    photograph = plan.photographs[job]
    fin = pod_fin(plan, seed, photograph.individual)
    stream = [seed, 3, job]
    variants = [(f"{photograph.split}_images", True)]
    if photograph.split == "test":
        variants.append((NO_FIN, False))
    for folder, with_animal in variants:
        picture, boxes = draw_photograph(
            fin, seed=stream, width=width, height=height, with_animal=with_animal
        )
        quality = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality(stream)]
        encoded = cv2.imencode(".jpg", picture[..., ::-1], quality)[1]
        write_bytes(root / folder / photograph.image, encoded.tobytes(), lasting=False)
    return boxes


def _each(draw: partial, jobs: range, workers: int) -> Iterable[dict[str, Box]]:
    """Results in the order of the jobs."""
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


def _write_tables(root: Path, plan: Population, boxes: list[dict[str, Box]]) -> None:
    train = [p for p in plan.photographs if p.split == "train"]
    test = [p for p in plan.photographs if p.split == "test"]
    rows = [
        (p.image, SPECIES[plan.species[p.individual]].name, plan.individual_ids[p.individual])
        for p in train
    ]
    _write_csv(root / "train.csv", ["image", "species", "individual_id"], rows)
    first = " ".join([NEW_INDIVIDUAL, *sorted(plan.individual_ids[: plan.known])[:4]])
    submission = [(p.image, first) for p in test]
    _write_csv(root / "sample_submission.csv", ["image", "predictions"], submission)
    answers = [
        (
            p.image,
            plan.individual_ids[p.individual] if p.individual < plan.known else NEW_INDIVIDUAL,
        )
        for p in test
    ]
    _write_csv(root / "answers.csv", ["image", "individual_id"], answers)
    rows = [
        (p.image, source, *box, 1, "pod")
        for p, found in zip(plan.photographs, boxes, strict=True)
        for source, box in sorted(found.items())
    ]
    columns = ["image", "source", "xmin", "ymin", "xmax", "ymax", "confidence", "origin"]
    _write_csv(root / "boxes.csv", columns, rows)


def _write_csv(path: Path, columns: list[str], rows: list[tuple]) -> None:
    with atomic_write(path) as temporary:
        pd.DataFrame(rows, columns=columns).to_csv(temporary, index=False, lineterminator="\n")


def _check(wanted: dict) -> None:
    if wanted["individuals"] < 1 or wanted["new_individuals"] < 0:
        raise InputError("a pod needs at least one known individual: raise individuals to 1")
    if not 0 <= wanted["singletons"] <= wanted["individuals"]:
        raise InputError(
            f"{wanted['singletons']} singletons do not fit among {wanted['individuals']} "
            "individuals: lower singletons"
        )
    if min(wanted["width"], wanted["height"]) < 200:
        raise InputError("photographs are at least 200 pixels wide and high: raise width or height")


def _marker(root: Path) -> dict | None:
    with suppress(FileNotFoundError, json.JSONDecodeError):
        return json.loads((root / MARKER).read_text(encoding="utf-8"))
    return None


def _plan(wanted: dict) -> Population:
    names = (
        "seed", "individuals", "new_individuals", "singletons", "mean_images",
        "test_images_per_individual",
    )  # fmt: skip
    return draw_population(*(wanted[name] for name in names))


def _check_untouched(root: Path, known: dict) -> None:
    """Raise InputError if a finished pod's catalogue was changed since it was drawn: to draw it
    again would remove what `gallery add` and a person have put there."""
    plan = _plan(known)
    drawn = {(p.image, plan.individual_ids[p.individual]) for p in plan.photographs}
    there = set()
    if (root / "train.csv").is_file():
        table = pd.read_csv(root / "train.csv", dtype=str, keep_default_na=False)
        there = set(zip(table["image"], table["individual_id"], strict=True))
    there_too = {path.name for path in (root / "train_images").glob("*")}
    if not (there <= drawn and there_too <= {image for image, _ in drawn}):
        raise InputError(
            f"{root} holds a synthetic pod that was drawn with other arguments, and something was "
            "added to it: move it away, or name another folder."
        )


def _clear(root: Path) -> None:
    """Removes an older or unfinished pod, and nothing else."""
    ours = (root / MARKER).exists() or (root / STARTED).exists()
    taken = [name for name in (*_FOLDERS, *_TABLES) if (root / name).exists()]
    if taken and not ours:
        raise InputError(
            f"{root} holds {taken[0]} but no {MARKER}, so it is not a synthetic pod: "
            "choose an empty folder for the pod"
        )
    root.mkdir(parents=True, exist_ok=True)
    (root / STARTED).touch()
    (root / MARKER).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    for name in _TABLES:
        (root / name).unlink(missing_ok=True)
