"""What P(new) is learned from: numbers that candidates' scores give for each query."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tf_happywhale.retrieval.new_individual.lead import lead

# from candidates' scores [n, k], best first, and each query's best cosine [n], where the scores are
# none themselves, to numbers [n, f]
Features = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


def leads(scores: np.ndarray, cosine: np.ndarray | None = None) -> np.ndarray:
    """Return how far the best score leads, float64 [n, 1]; see `lead`."""
    return lead(scores)[:, None]


def best_and_gap(scores: np.ndarray, cosine: np.ndarray | None = None) -> np.ndarray:
    """Return the best score, and how far the second lies below it, float64 [n, 2]."""
    scores = np.asarray(scores, float)
    best = np.where(np.isfinite(scores[:, 0]), scores[:, 0], -1.0)
    second = np.minimum(scores[:, 1] if scores.shape[1] > 1 else best, best)  # see lowest_so_far
    return np.stack([best, best - np.where(np.isfinite(second), second, best)], axis=1)


def with_cosine(scores: np.ndarray, cosine: np.ndarray | None) -> np.ndarray:
    """Return the best score, its gap to the second, and the best cosine, float64 [n, 3].

    Raises:
        ValueError: no cosines are given.
    """
    if cosine is None:
        raise ValueError("P(new) was learned from cosines too, and none are given")
    best = np.where(np.isfinite(cosine), cosine, -1.0)
    return np.concatenate([best_and_gap(scores), best[:, None]], axis=1)


def features_of(count: int) -> Features:
    """Return the features that are so many numbers."""
    return {1: leads, 2: best_and_gap, 3: with_cosine}[count]
