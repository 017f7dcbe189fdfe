"""How far probabilities can be believed: the reliability curve and its error."""

from __future__ import annotations

import numpy as np

BINS = 10


def reliability(
    p_new: np.ndarray, is_new: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> list[dict]:
    """Return the reliability curve: queries sorted by P(new) into bins of equal width.

    Args:
        p_new: [n].
        is_new: bool [n].
        bins: their number.
        weights: of the queries [n]; None: all are equal.

    Returns:
        For each bin that holds queries: `queries`, their mean `p_new`, the `share_new` that is, and
        the bin's `weight`, the sum of which is 1.
    """
    weights = np.ones(len(p_new)) if weights is None else weights
    place = np.clip((np.asarray(p_new) * bins).astype(int), 0, bins - 1)
    curve = []
    for number in range(bins):
        rows = place == number
        if rows.any():
            curve.append(
                {
                    "queries": int(rows.sum()),
                    "p_new": float(np.average(p_new[rows], weights=weights[rows])),
                    "share_new": float(np.average(is_new[rows], weights=weights[rows])),
                    "weight": float(weights[rows].sum() / weights.sum()),
                }
            )
    return curve


def expected_calibration_error(
    p_new: np.ndarray, is_new: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> float:
    """Return the mean distance between promised and true share over the bins, weighted by their
    queries (Naeini et al. 2015); 0 without queries. The arguments are those of `reliability`."""
    curve = reliability(p_new, is_new, bins, weights)
    gaps = [part["weight"] * abs(part["p_new"] - part["share_new"]) for part in curve]
    return float(sum(gaps))
