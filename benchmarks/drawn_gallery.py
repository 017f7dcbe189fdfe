"""A drawn gallery of any size, written as `gallery build` would, and queries of it.

It has Happywhale's numbers of images of each individual, again and again. Each embedding is its
individual's centre and noise. Both have a spectrum that falls as a trained network's may (118 of
the 512 components count, by the participation ratio). The noise is such that the exact search's
first individual is the right one for about three queries of four among a million images.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
from retrieval import FULL, image_counts

WIDTH, NOISE = 512, 1.3
SPECTRUM = (1 + np.arange(WIDTH) / 24) ** -0.75
SPECTRUM = (SPECTRUM / np.linalg.norm(SPECTRUM)).astype(np.float32)
QUERIES = 200
ABOUT = {"model": "drawn", "source": "fin", "view": "original", "preprocess": "squashed to 512"}
COUNTS = image_counts(FULL["images"], FULL["individuals"])
HERD = int(COUNTS.sum())  # images that are drawn together


def herd(number: int, queries: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The images of one herd, always the same: embeddings, and who is in them; and queries."""
    rng = np.random.default_rng(number)
    who = np.repeat(np.arange(len(COUNTS)), COUNTS)
    rng.shuffle(who)
    centres = rng.standard_normal((len(COUNTS), WIDTH), np.float32)

    def seen(whom: np.ndarray) -> np.ndarray:
        noise = rng.standard_normal((len(whom), WIDTH), np.float32)
        return (centres[whom] + np.float32(NOISE) * noise) * SPECTRUM

    images = seen(who)
    whom = rng.choice(who, queries)
    return images, who, seen(whom), whom


def ids_of(number: int, who: np.ndarray) -> np.ndarray:
    """The individuals of a herd as text."""
    return np.array([f"{number:05d}-{n:05d}" for n in who], "U11")


def names_of(first: int, count: int) -> np.ndarray:
    """Names of images."""
    return np.array([f"{n:09d}.jpg" for n in range(first, first + count)], "U13")


def make(folder: Path, images: int) -> dict:
    """A gallery of one file, written as it is drawn, and the queries."""
    from tf_happywhale.disk.npz import aligned

    herds = -(-images // HERD)
    entry = {"descr": "<f4", "fortran_order": False, "shape": (images, WIDTH)}
    gallery, extra, ids, left = folder / "gallery", [], [], images
    shutil.rmtree(folder, ignore_errors=True)  # what a stopped run has left
    gallery.mkdir(parents=True)
    with zipfile.ZipFile(gallery / "part-00000.npz", "w") as archive:
        with archive.open(aligned(archive, "embedding"), "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, entry)
            for number in range(herds):
                asked = QUERIES // herds + (number < QUERIES % herds)
                rows, who, queries, whom = herd(number, asked)
                file.write(np.ascontiguousarray(rows[:left]).data)
                ids.append(ids_of(number, who[:left]))
                extra.append((queries, ids_of(number, whom)))
                left -= len(rows)
        arrays = {"image": names_of(0, images), "individual_id": np.concatenate(ids)}
        arrays |= {"centre": np.zeros((0, 0), np.float32), "centre_id": np.zeros(0, "U1")}
        for name, array in (arrays | {key: np.array(word) for key, word in ABOUT.items()}).items():
            with archive.open(aligned(archive, name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    (gallery / "gallery.json").write_text(json.dumps({"schema": 1, "about": ABOUT}))
    queries, whom = (np.concatenate(column) for column in zip(*extra, strict=True))
    np.savez(folder / "queries.npz", embedding=queries, individual_id=whom)
    return {"disk_gb": size_gb(gallery)}


def size_gb(folder: Path) -> float:
    """Gigabytes (10⁹ bytes) of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9


def asked_of(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The queries, and who is in them."""
    with np.load(folder / "queries.npz") as file:
        return file["embedding"], file["individual_id"]
