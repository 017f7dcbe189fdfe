"""The pod as photographs are on the first day: a catalogue, and a folder of new ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from tf_happywhale.disk.files import atomic_write, write_csv

CATALOGUE, NEW = "catalogue", "new_photographs"
SOURCE = "backfin"  # one box around each fin


def write_first_day(pod: Path, home: Path) -> list[Path]:
    """Copy a pod into the folders `catalogue` and `new_photographs`, each with its boxes, and
    return those that were written. A folder that is there already is left as it is.

    Args:
        pod: see `write_pod`.
        home: the folder to write into.
    """
    written = [folder for folder in (home / CATALOGUE, home / NEW) if not folder.exists()]
    for folder in written:
        with atomic_write(folder) as making:
            if folder.name == NEW:
                shutil.copytree(pod / "test_images", making)
                images = making
            else:
                images = making / "train_images"
                shutil.copytree(pod / "train_images", images)
                shutil.copy(pod / "train.csv", making / "train.csv")
            names = {path.name for path in images.iterdir()}
            write_csv(making / "boxes.csv", _boxes_of(pod, names))
    return written


def _boxes_of(pod: Path, images: set[str]) -> pd.DataFrame:
    boxes = pd.read_csv(pod / "boxes.csv", dtype=str, keep_default_na=False)
    return boxes[(boxes["source"] == SOURCE) & boxes["image"].isin(images)]
