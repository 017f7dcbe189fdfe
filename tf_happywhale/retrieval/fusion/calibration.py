"""The probability that two pictures show one individual, by their cosine and matched points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 50  # of Newton's method, which takes about ten
CLOSE = 1e-9
MATCHES, INLIERS = 0, 2  # places among the features of a pair


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of the cosines of different individuals."""

    mean: float
    deviation: float

    def standard(self, cosine: np.ndarray) -> np.ndarray:
        """Return cosines in deviations above the mean, float64."""
        return (np.asarray(cosine, np.float64) - self.mean) / self.deviation


@dataclass(frozen=True)
class Weights:
    """A logistic regression: weights float64 [d] of its inputs, and what is added to them."""

    weights: np.ndarray
    intercept: float

    def logit(self, inputs: np.ndarray) -> np.ndarray:
        """Return the logarithms of the odds float64 [p], for inputs [p, d]."""
        return inputs @ self.weights + self.intercept


@dataclass(frozen=True)
class Calibration:
    """P(one individual) of pairs that were matched, and of others.

    Attributes:
        spread: of the cosine.
        matched: by `inputs_of` a pair.
        alone: by the standardised cosine alone.
    """

    spread: Spread
    matched: Weights
    alone: Weights

    def of_matched(self, cosine: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return P(one individual) float64 [p] by cosines [p] and features [p, f]; by the cosine
        alone where features are NaN."""
        known = ~np.isnan(features).any(axis=1)
        standard = self.spread.standard(cosine)
        logit = self.alone.logit(standard[:, None])
        logit[known] = self.matched.logit(inputs_of(standard[known], features[known]))
        return _logistic(logit)

    def of_cosine(self, cosine: np.ndarray) -> np.ndarray:
        """Return P(one individual) float64, of the shape of the cosines."""
        standard = self.spread.standard(cosine)
        return _logistic(self.alone.logit(standard.reshape(-1, 1)).reshape(standard.shape))


def inputs_of(standard: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return the inputs [p, 3] of the regression: the standardised cosine, and the logarithms of
    the numbers of matches and of inliers (each plus one)."""
    counts = features[:, [MATCHES, INLIERS]].astype(np.float64)
    return np.concatenate([standard[:, None], np.log1p(counts)], axis=1)


def fit_towards(
    prior: Weights, deviation: np.ndarray, inputs: np.ndarray, same: np.ndarray
) -> Weights:
    """Return the most probable regression, given what is known before and these pairs.

    With few pairs it stays near the prior; with many they decide. Found by Newton's method.

    Args:
        prior: the expected weights.
        deviation: how far each weight, and last the intercept, may well be from it, [d + 1].
        inputs: [p, d].
        same: whether a pair shows one individual, bool [p].
    """
    design = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    expected = np.append(prior.weights, prior.intercept)
    precision = np.diag(np.asarray(deviation, np.float64) ** -2)
    found = expected.copy()
    for _ in range(STEPS):
        chance = _logistic(design @ found)
        slope = design.T @ (same - chance) - precision @ (found - expected)
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + precision
        step = np.linalg.solve(curve, slope)
        length = float(np.abs(step).max())
        found = found + step / max(1.0, length)  # a longer step can overshoot
        if length < CLOSE:
            break
    return Weights(found[:-1], float(found[-1]))


def _logistic(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logit, -60, 60)))
