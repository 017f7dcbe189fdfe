"""How far a query's best individual leads: what tells new animals from known ones.

Of a new animal the best candidate is one of several that look a little like it. A known one stands
out from the rest. The lead needs no level: scores of a dark, distant or blurred photograph are
lower for everybody. And it is one number, which a few new individuals can teach.
"""

from __future__ import annotations

import numpy as np

NEXT = 4  # individuals behind the best one, of the five that are always searched for


def mean_of_next(scores: np.ndarray) -> np.ndarray:
    """Return the mean score of the individuals behind the best one, float64 [n]: of `NEXT`, or of
    as many as there are. None counts as higher than the best, see `lowest_so_far`.

    Args:
        scores: candidates' scores [n, k], best first; −inf where there is none.

    Returns:
        NaN where there are fewer than two candidates.
    """
    scores = np.asarray(scores, float)
    best, following = scores[:, :1], scores[:, 1 : 1 + NEXT]
    there = np.isfinite(following) & np.isfinite(best)
    count = there.sum(axis=1)
    total = np.where(there, np.minimum(following, best), 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def lead(scores: np.ndarray) -> np.ndarray:
    """Return how far the best score lies above the mean of the next ones, float64 [n]; NaN where
    there are fewer than two candidates. The argument is that of `mean_of_next`."""
    following = mean_of_next(scores)
    some = np.isfinite(following)
    found = np.full(len(following), np.nan)
    found[some] = np.asarray(scores, float)[some, 0] - following[some]
    return found
