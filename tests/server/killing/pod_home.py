"""A home folder with a small drawn catalogue, its gallery, and photographs to identify."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.config import Pod
from tf_happywhale.galleries.gallery_folder import beside, make_gallery
from tf_happywhale.retrieval.embeddings import Embeddings

KNOWN, NEW = 12, 6  # pictures in the catalogue, and photographs to identify
ABOUT = {"model": "m1", "source": "fin", "view": "original", "preprocess": "squashed to 128"}


def write_pod_home(folder: Path) -> dict[str, str]:
    """Write `home/catalogue`, `home/gallery` and `new_photographs`; return who is in the new ones.

    The pictures are the pod's. Nothing is embedded: the vectors are made of the files' hashes.
    """
    pod, home, new_ones = folder / "pod", folder / "home", folder / "new_photographs"
    few = {"individuals": 6, "new_individuals": 1, "singletons": 1, "mean_images": 4}
    write_pod(pod, Pod(**few, test_images=1, width=300, height=200), seed=3, workers=1)
    with (pod / "train.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    known, new = rows[:KNOWN], rows[KNOWN : KNOWN + NEW]
    there = home / "catalogue" / "train_images"
    for place, some in ((there, known), (new_ones, new)):
        place.mkdir(parents=True)
        for row in some:
            shutil.copyfile(pod / "train_images" / row["image"], place / row["image"])
    with (home / "catalogue" / "train.csv").open("w", encoding="utf-8", newline="") as table:
        out = csv.DictWriter(table, ["image", "species", "individual_id"], extrasaction="ignore")
        out.writeheader()
        out.writerows(known)
    mark_own_output(home)
    paths = [there / row["image"] for row in known]
    images = as_embeddings(paths, [row["individual_id"] for row in known])
    images.columns["picture"] = np.array(beside(home / "gallery", paths), np.str_)
    make_gallery(home / "gallery", images, home / "catalogue")
    ids = {row["individual_id"] for row in known}
    return {
        row["image"]: who if (who := row["individual_id"]) in ids else f"New {who}" for row in new
    }


def as_embeddings(paths: Sequence[Path], ids: Sequence[str]) -> Embeddings:
    """Return pictures as `identify` keeps them."""
    contents = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    vectors = np.array([[1.0, int(content[:6], 16) / 2**24] for content in contents], np.float32)
    columns = {
        "picture": [str(path) for path in paths], "content": contents, "box": [""] * len(paths),
        "encounter": [""] * len(paths), "species": ["bottlenose_dolphin"] * len(paths),
    }  # fmt: skip
    return Embeddings(
        vectors,
        np.array([path.name for path in paths], np.str_),
        np.array(ids, np.str_),
        ABOUT,
        columns={name: np.array(column, np.str_) for name, column in columns.items()},
    )
