"""Scores in standard deviations above the mean, which can be compared between models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Standard:
    """Mean and spread of a member's scores on the folds on which it was not trained.

    Attributes:
        mean: of its best scores of those images.
        deviation: their standard deviation.
    """

    mean: float
    deviation: float


@dataclass(frozen=True)
class Line:
    """Map from an ensemble's score to standard deviations above the mean: `slope·score −
    offset`."""

    slope: float
    offset: float

    def standard(self, score: np.ndarray) -> np.ndarray:
        """Return standardised scores, float64."""
        return self.slope * score.astype(np.float64) - self.offset

    def score(self, standard: float) -> float:
        """Return the score that has this standardised score."""
        return (standard + self.offset) / self.slope


def standard_of(best: np.ndarray) -> Standard:
    """Return the spread of a member's best scores [n]; infinite ones do not count."""
    best = best[np.isfinite(best)].astype(np.float64)
    deviation = float(best.std()) if len(best) else 0.0
    return Standard(float(best.mean()) if len(best) else 0.0, deviation or 1.0)


def shares_of(
    members: Sequence[int], weights: Sequence[float], standards: Sequence[Standard]
) -> list[float]:
    """Return each member's share of an ensemble's score: its weight divided by its deviation, so
    that a member whose cosines are spread out does not count more."""
    return [weights[n] / standards[n].deviation for n in members]


def line_of(
    members: Sequence[int], weights: Sequence[float], standards: Sequence[Standard]
) -> Line:
    """Return the map from the score of these members' ensemble to the weighted mean of their
    standardised scores: Σ w·(s − mean)/deviation ÷ Σ w, where the ensemble's score is Σ
    s·w/deviation ÷ Σ w/deviation.
    """
    shares, total = shares_of(members, weights, standards), sum(weights[n] for n in members)
    offset = sum(share * standards[n].mean for n, share in zip(members, shares, strict=True))
    return Line(sum(shares) / total, offset / total)
