"""A catalogue with Happywhale's own counts, drawn small: fins of the pod on crops of its sea.

51,033 photographs of 15,587 individuals (9,258 with one photograph, the largest with 400) and
27,956 to identify, 11% of them of individuals that the catalogue lacks. A share of it has that
share of the individuals, drawn at random. The pictures depend on the share and the seed alone. The
sea is drawn a few dozen times and cut at random; the fins are those of the pod, drawn flat. So a
core draws several hundred a second.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from retrieval import FULL, image_counts
from tqdm import tqdm

from tf_happywhale.catalogue.pod.drawn_photograph import draw_photograph
from tf_happywhale.catalogue.pod.fin import SPECIES, Fin, draw_fin

SIDE = 96  # pixels
SEAS = 24
NEW = 0.11  # of the photographs to identify
IMAGES_OF_A_NEW_ONE = 2
DONE = "drawn.txt"  # written last
TABLES = {
    "train": ("train.csv", ["image", "species", "individual_id"]),
    "test": ("answers.csv", ["image", "individual_id"]),
}


def draw_catalogue(folder: Path, share: float, seed: int = 0) -> None:
    """Write a catalogue in Kaggle's layout, unless it is there.

    Args:
        folder: becomes the data folder.
        share: of Happywhale's counts, such as 1 / 64.
        seed: chooses everything.
    """
    if (folder / DONE).is_file():
        return
    beside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    individuals, train, test = population(share, seed)
    names = [f"{number:014x}.jpg" for number in range(len(train) + len(test))]
    jobs = [
        (f"{split}_images", name, int(who))
        for split, several in (("train", train), ("test", test))
        for name, who in zip(names[len(train) if split == "test" else 0 :], several, strict=False)
    ]
    for split in TABLES:
        (beside / f"{split}_images").mkdir(parents=True)
    jobs.sort(key=lambda job: job[2])  # an individual's photographs follow one another
    _draw_all(beside, jobs, seed)
    rng = np.random.default_rng([seed, 1])
    ids = [f"{number:012x}" for number in rng.choice(16**12, individuals, replace=False)]
    rows = {split: [job for job in jobs if job[0] == f"{split}_images"] for split in TABLES}
    for split, (table, columns) in TABLES.items():
        known = [ids[who] if who < individuals else "new_individual" for _, _, who in rows[split]]
        species = [SPECIES[who % len(SPECIES)].name for _, _, who in rows[split]]
        images = [name for _, name, _ in rows[split]]
        every = {"image": images, "species": species, "individual_id": known}
        pd.DataFrame(every)[columns].sort_values("image").to_csv(beside / table, index=False)
    submission = {"image": sorted(name for _, name, _ in rows["test"]), "predictions": ids[0]}
    pd.DataFrame(submission).to_csv(beside / "sample_submission.csv", index=False)
    (beside / DONE).write_text(f"share {share}, seed {seed}\n")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def population(share: float, seed: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the number of individuals, and who is in each photograph: of the catalogue int64 [n],
    and to identify int64 [m]. Numbers from that of the individuals on are new ones."""
    rng = np.random.default_rng([seed, 0])
    individuals = round(share * FULL["individuals"])
    counts = rng.permutation(image_counts(FULL["images"], FULL["individuals"]))[:individuals]
    train = np.repeat(np.arange(individuals), counts)
    asked = round(share * FULL["queries"])
    new = round(NEW * asked)
    test = np.concatenate(
        [rng.choice(train, asked - new), individuals + np.arange(new) // IMAGES_OF_A_NEW_ONE]
    )
    return individuals, rng.permutation(train), rng.permutation(test)


def draw_small(fin: Fin, rng: np.random.Generator) -> np.ndarray:
    """Return a photograph of a fin from either side, uint8 RGB [96, 96, 3]."""
    picture = _cut_sea(rng)
    high, turn = rng.uniform(46, 62), np.radians(rng.uniform(-9, 9))
    middle = np.array([fin.outline[:, 0].mean(), 0.45])
    place = np.array([SIDE / 2, SIDE * 0.52]) + rng.uniform(-6, 6, 2)
    side = rng.choice([-1.0, 1.0])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    to_pixels = turned * np.array([[side], [-1.0]]) * high
    light = rng.uniform(0.7, 1.5)

    def drawn(points: np.ndarray) -> np.ndarray:
        return np.round((((points - middle) @ to_pixels.T) + place) * 16).astype(np.int32)

    skin = np.array(fin.species.skin) * light
    animal, cover = np.full_like(picture, 0), np.zeros((SIDE, SIDE), np.uint8)
    animal[:] = _tone(skin)
    cv2.fillPoly(cover, [drawn(fin.outline)], 255, cv2.LINE_AA, 4)
    for mark in fin.marks:
        colour = _tone(skin + (mark.tone * light - skin) * mark.strength).tolist()
        points = [drawn(mark.points)]
        if mark.closed:
            cv2.fillPoly(animal, points, colour, cv2.LINE_AA, 4)
        else:
            thick = max(1, round(mark.width * high))
            cv2.polylines(animal, points, False, colour, thick, cv2.LINE_AA, 4)
    share = cover[..., None].astype(np.float32) / 255
    mixed = picture + (animal - picture.astype(np.float32)) * share
    mixed += rng.normal(0, 5, (SIDE, SIDE, 1)).astype(np.float32)
    if rng.random() < 0.3:
        mixed = cv2.GaussianBlur(mixed, (3, 3), 0)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _tone(albedo: np.ndarray) -> np.ndarray:
    """Return linear colours as bytes of a picture."""
    return (255 * np.clip(albedo, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def _cut_sea(rng: np.random.Generator) -> np.ndarray:
    sea = _seas()[int(rng.integers(SEAS))]
    y, x = (int(rng.integers(size - SIDE + 1)) for size in sea.shape[:2])
    cut = sea[y : y + SIDE, x : x + SIDE]
    return cut[:, ::-1] if rng.random() < 0.5 else cut


@lru_cache(maxsize=1)
def _seas() -> list[np.ndarray]:
    """Return photographs of the sea alone, uint8 [200, 300, 3] each."""
    fin = draw_fin("", SPECIES[0], np.random.default_rng(0))
    return [
        draw_photograph(fin, seed=[0, n], width=300, height=200, with_animal=False)[0]
        for n in range(SEAS)
    ]


@lru_cache(maxsize=1)  # the photographs of an individual follow one another
def _fin(seed: int, who: int) -> Fin:
    return draw_fin("", SPECIES[who % len(SPECIES)], np.random.default_rng([seed, 2, who]))


def _write(folder: Path, seed: int, job: tuple[str, str, int]) -> None:
    split, name, who = job
    picture = draw_small(_fin(seed, who), np.random.default_rng([seed, 3, int(name[:-4], 16)]))
    cv2.imwrite(str(folder / split / name), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def _draw_all(folder: Path, jobs: list[tuple[str, str, int]], seed: int) -> None:
    draw = partial(_write, folder, seed)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_one_thread) as pool:
        done = pool.map(draw, jobs, chunksize=64)
        for _ in tqdm(done, total=len(jobs), desc="drawing the catalogue", unit="photo"):
            pass


def _one_thread() -> None:
    cv2.setNumThreads(1)
