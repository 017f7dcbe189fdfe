"""What one fold trains and validates on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class FoldData:
    """What one fold trains and validates on.

    Attributes:
        records: the finished records folder.
        images: the catalogue's images [n].
        individual_ids: who is in them [n].
        targets: the same as int64 [n], by place among all `classes` individuals.
        folds: fold of each image, int64 [n].
        classes: number of individuals of the catalogue.
        fold: the fold that is left out for validation.
        species: the species of each of the `classes`, int64, where a head tells species apart.
        more_images: images of the test split to train on as well.
        more_targets: who is in them, int64, as they were predicted (see `retrieval/pseudo.py`).
    """

    records: Path
    images: list[str]
    individual_ids: list[str]
    targets: np.ndarray
    folds: np.ndarray
    classes: int
    fold: int
    species: np.ndarray | None = None
    more_images: Sequence[str] = ()
    more_targets: Sequence[int] = ()

    def training(self) -> tuple[list[str], np.ndarray]:
        """Images and targets to train on: those of the other folds, and the predicted ones."""
        kept = np.flatnonzero(self.folds != self.fold)
        images = [*(self.images[row] for row in kept), *self.more_images]
        return images, np.concatenate([self.targets[kept], self.more_targets]).astype(np.int64)
