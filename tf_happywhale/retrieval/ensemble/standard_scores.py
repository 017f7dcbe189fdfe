"""Scores in standard deviations above the mean, which can be compared between models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 1e-9  # probability; a lower one tells no more
ROUNDING = 1e-12  # of the mean of equal numbers, as a share of it


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
    offset`. With `odds` scores are probabilities, and their log-odds stand for them: of what is
    certain, a hundredth more or less means much."""

    slope: float
    offset: float
    odds: bool = False

    def standard(self, score: np.ndarray) -> np.ndarray:
        """Return standardised scores, float64."""
        value = log_odds(score) if self.odds else score.astype(np.float64)
        return self.slope * value - self.offset

    def score(self, standard: float) -> float:
        """Return the score that has this standardised score."""
        value = (standard + self.offset) / self.slope
        return 1 / (1 + math.exp(-value)) if self.odds else value


def standard_of(best: np.ndarray) -> Standard:
    """Return the spread of a member's best scores [n]; infinite ones do not count."""
    best = best[np.isfinite(best)].astype(np.float64)
    if not len(best):
        return Standard(0.0, 1.0)
    mean, deviation = float(best.mean()), float(best.std())
    alike = deviation <= ROUNDING * abs(mean)
    return Standard(mean, 1.0 if alike else deviation)


def line_of_odds(best: np.ndarray) -> Line:
    """Return the map from probabilities to standard deviations above the mean of the best ones'
    log-odds.

    Args:
        best: the best of each query [n]; infinite ones do not count.
    """
    own = standard_of(log_odds(best))
    return Line(1 / own.deviation, own.mean / own.deviation, odds=True)


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Return the logarithms of the odds, float64; −inf stays."""
    some = np.asarray(probability, np.float64)
    value = np.clip(some, LEAST, 1 - LEAST)
    return np.where(np.isfinite(some), np.log(value / (1 - value)), some)


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
