"""The probability that two pictures show one individual, by what is known of the pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 50  # of Newton's method, which takes about ten
CLOSE = 1e-9
MANY = 2**16  # pairs; with more, every 16th of them say first about where the regression is


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
        matched: by the `INPUTS` of `evidence.py`.
        alone: by the first of them, the cosine, alone.
    """

    matched: Weights
    alone: Weights

    def of_matched(self, inputs: np.ndarray) -> np.ndarray:
        """Return P(one individual) float64 [p] by inputs [p, d]; by the cosine alone where the
        others are NaN."""
        known = ~np.isnan(inputs).any(axis=1)
        logit = self.alone.logit(inputs[:, :1])
        logit[known] = self.matched.logit(inputs[known])
        return _logistic(logit)

    def of_cosine(self, unusual: np.ndarray) -> np.ndarray:
        """Return P(one individual) float64, of the shape of the cosines, in deviations above what
        is usual."""
        return _logistic(self.alone.logit(unusual.reshape(-1, 1)).reshape(unusual.shape))


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
    if len(same) > MANY:  # far steps with few pairs, near ones with all
        about = fit_towards(prior, deviation, inputs[::16], same[::16])
        found = np.append(about.weights, about.intercept)
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
