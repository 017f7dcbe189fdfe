"""A calibration learned from a gallery's own pairs, cross-fitted by individual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tf_happywhale.retrieval.fusion.calibration import (
    Calibration,
    Weights,
    fit_towards,
)
from tf_happywhale.retrieval.fusion.gallery_pairs import GalleryPairs

PARTS = 10  # of the individuals, for the cross-fit
# What is expected before a gallery is seen: set by hand, and tried on one catalogue of seals alone.
# Others that were tried there differ by less than their error: docs/method.md.
MATCHED = np.array([0.3, 0.8, 0.2])
MATCHED_MAY = np.array([0.3, 0.3, 0.3, 1.0])  # and, last, of the intercept
ALONE = np.array([0.5])
ALONE_MAY = np.array([0.3, 1.0])


@dataclass(frozen=True)
class Calibrations:
    """Calibrations of a gallery.

    Attributes:
        whole: by all pairs, for new photographs.
        parts: each by the pairs without a part of the individuals, for questions about those.
        individuals: how many have two images that were not taken together: what `whole` rests on.
    """

    whole: Calibration
    parts: Sequence[Calibration]
    individuals: int

    def part_of(self, individual: np.ndarray) -> np.ndarray:
        """Return the part of individuals' numbers int64 [n]."""
        return individual % len(self.parts)


def parts_of(individuals: int) -> int:
    """Return into how many parts so many individuals are divided."""
    return max(1, min(PARTS, individuals))


def learn_calibrations(pairs: GalleryPairs, individuals: int) -> Calibrations:
    """Learn from a gallery's pairs. Without a pair of one individual, what is expected before any
    gallery is seen remains.

    Args:
        pairs: of the gallery.
        individuals: how many there are in the gallery, numbered from 0.
    """
    count = parts_of(individuals)
    learn = partial(_learn, chance=-np.log(max(individuals, 2)))
    parts = []
    for part in range(count):
        others = (pairs.first % count != part) & (pairs.second % count != part)
        parts.append(learn(pairs.take(others)))
    rests_on = len(np.unique(pairs.first[pairs.same]))
    return Calibrations(learn(pairs), parts, rests_on)


def _learn(pairs: GalleryPairs, chance: float) -> Calibration:
    known = ~np.isnan(pairs.inputs).any(axis=1)
    return Calibration(
        _fit(MATCHED, MATCHED_MAY, chance, pairs.inputs[known], pairs.same[known]),
        _fit(ALONE, ALONE_MAY, chance, pairs.inputs[:, :1], pairs.same),
    )


def _fit(
    weights: np.ndarray, may: np.ndarray, chance: float, inputs: np.ndarray, same: np.ndarray
) -> Weights:
    prior = Weights(weights, chance)
    return prior if not same.any() or same.all() else fit_towards(prior, may, inputs, same)
