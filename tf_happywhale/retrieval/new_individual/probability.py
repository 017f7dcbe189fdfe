"""How likely a query shows a new individual, and how far that can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True)
class NewProbability:
    """A logistic regression from a query's best score, and how far the second lies below it, to
    P(new).

    Attributes:
        weights: of the two [2]; None if nothing could be learned, so that P(new) is NaN.
        intercept: added to them.
    """

    weights: np.ndarray | None
    intercept: float = 0.0

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """P(new) float64 [n] of queries with candidates' scores [n, k], best first."""
        if self.weights is None or not len(scores):
            return np.full(len(scores), np.nan)
        return 1 / (1 + np.exp(-(_features(scores) @ self.weights + self.intercept)))


def fit_new_probability(scores: np.ndarray, is_new: np.ndarray) -> NewProbability:
    """Learn P(new) from out-of-fold queries (Platt 1999).

    Args:
        scores: candidates' scores [n, k], best first.
        is_new: whether the query's individual is new [n].
    """
    if len(set(np.asarray(is_new, bool).tolist())) < 2:
        return NewProbability(None)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0)
    model.fit(_features(scores), np.asarray(is_new, int))
    return NewProbability(model.coef_[0], float(model.intercept_[0]))


def reliability(p_new: np.ndarray, is_new: np.ndarray, bins: int = BINS) -> list[dict]:
    """The reliability curve: queries sorted by P(new) into bins of equal width.

    Returns:
        For each bin that holds queries: `queries`, their mean `p_new`, and the `share_new` that is.
    """
    place = np.clip((np.asarray(p_new) * bins).astype(int), 0, bins - 1)
    curve = []
    for number in range(bins):
        rows = place == number
        if rows.any():
            curve.append(
                {
                    "queries": int(rows.sum()),
                    "p_new": float(np.mean(p_new[rows])),
                    "share_new": float(np.mean(is_new[rows])),
                }
            )
    return curve


def expected_calibration_error(p_new: np.ndarray, is_new: np.ndarray, bins: int = BINS) -> float:
    """Mean distance between promised and true share over the bins, weighted by their queries
    (Naeini et al. 2015); 0 without queries."""
    curve = reliability(p_new, is_new, bins)
    total = sum(part["queries"] for part in curve)
    gaps = [part["queries"] * abs(part["p_new"] - part["share_new"]) for part in curve]
    return float(sum(gaps) / total) if total else 0.0


def _features(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, float)
    best = np.where(np.isfinite(scores[:, 0]), scores[:, 0], -1.0)
    second = scores[:, 1] if scores.shape[1] > 1 else best
    return np.stack([best, best - np.where(np.isfinite(second), second, best)], axis=1)
