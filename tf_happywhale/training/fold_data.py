"""The images and targets that one fold trains and validates on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.training.teachers.teachers import Teachers

NOBODY = -1  # the target of an image without a label


@dataclass(frozen=True)
class FoldData:
    """Images and targets that one fold trains and validates on.

    Attributes:
        records: the finished records folder.
        images: the catalogue's images [n].
        individual_ids: the individual in each of them [n].
        targets: the same as numbers, int64 [n]: the place among all `classes` individuals.
        folds: the fold of each image, int64 [n].
        classes: number of individuals of the catalogue.
        fold: the fold that is left out for validation.
        species: the species of each individual, int64 [classes], if a head learns them.
        more_images: images of the test split to train on as well.
        more_targets: the targets that were predicted for them, int64 (see `pseudo_labels/`); NOBODY
            where there is none.
        teachers: of all images that are trained on, in the order of `training`; None: nobody
            teaches.
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
    teachers: Teachers | None = None

    @property
    def individual_of(self) -> dict[str, str]:
        """The individual in each of the catalogue's images, by the image's name."""
        return dict(zip(self.images, self.individual_ids, strict=True))

    @property
    def labelled(self) -> np.ndarray:
        """The targets that are trained on and known or predicted, int64."""
        targets = self.training()[1]
        return targets[targets != NOBODY]

    def training(self) -> tuple[list[str], np.ndarray]:
        """Return the images and targets to train on: those of the other folds, and the further
        ones."""
        kept = np.flatnonzero(self.folds != self.fold)
        images = [*(self.images[row] for row in kept), *self.more_images]
        return images, np.concatenate([self.targets[kept], self.more_targets]).astype(np.int64)
