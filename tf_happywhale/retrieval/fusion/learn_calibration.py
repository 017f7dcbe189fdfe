"""A calibration learned from a gallery's own pairs, cross-fitted by individual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.fusion.calibration import (
    Calibration,
    Spread,
    Weights,
    fit_towards,
    inputs_of,
)
from tf_happywhale.retrieval.fusion.gallery_pairs import GalleryPairs

PARTS = 10  # of the individuals, for the cross-fit
# What is expected before a gallery is seen. See docs/method.md for how it was measured.
MATCHED = Weights(np.array([0.4, 0.8, 0.8]), -6.0)
MATCHED_MAY = np.array([0.5, 0.5, 0.5, 2.0])
ALONE = Weights(np.array([1.0]), -3.0)
ALONE_MAY = np.array([0.5, 2.0])


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


def learn_calibrations(pairs: GalleryPairs, individuals: int) -> Calibrations:
    """Learn from a gallery's pairs. Without a pair of one individual, what is expected before any
    gallery is seen remains.

    Args:
        pairs: of the gallery.
        individuals: how many there are in the gallery, numbered from 0.
    """
    count = max(1, min(PARTS, individuals))
    spread = spread_of(pairs.cosine[~pairs.same])
    parts = []
    for part in range(count):
        others = (pairs.first % count != part) & (pairs.second % count != part)
        parts.append(_learn(pairs.take(others), spread))
    rests_on = len(np.unique(pairs.first[pairs.same]))
    return Calibrations(_learn(pairs, spread), parts, rests_on)


def spread_of(cosine: np.ndarray) -> Spread:
    """Return the spread of different individuals' cosines; 0 and 1 if there are fewer than two."""
    if len(cosine) < 2:
        return Spread(0.0, 1.0)
    return Spread(float(np.mean(cosine, dtype=np.float64)), float(np.std(cosine)) or 1.0)


def _learn(pairs: GalleryPairs, spread: Spread) -> Calibration:
    standard, known = spread.standard(pairs.cosine), ~np.isnan(pairs.features).any(axis=1)
    inputs = inputs_of(standard[known], pairs.features[known])
    return Calibration(
        spread,
        _fit(MATCHED, MATCHED_MAY, inputs, pairs.same[known]),
        _fit(ALONE, ALONE_MAY, standard[:, None], pairs.same),
    )


def _fit(prior: Weights, may: np.ndarray, inputs: np.ndarray, same: np.ndarray) -> Weights:
    return prior if not same.any() or same.all() else fit_towards(prior, may, inputs, same)
