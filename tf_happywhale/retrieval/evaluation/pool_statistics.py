"""Statistics of out-of-fold queries: means, balanced accuracy and AUROC, with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.evaluation.pool import Pool
from tf_happywhale.retrieval.metrics import auroc, balanced_accuracy, interval, weighted_mean

Statistic = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class PoolStatistics:
    """Statistics of the queries of a pool, each with its 95% interval by individual.

    Attributes:
        pool: the queries.
        precision: average precision@5 of each query, by the config's own mode, float [n].
        new_first: whether `new_individual` is the first answer, bool [n].
        seed: for drawing individuals.
    """

    pool: Pool
    precision: np.ndarray
    new_first: np.ndarray
    seed: int

    def of(self, rows: slice | np.ndarray, statistic: Statistic) -> dict:
        """Return what `statistic_of` says about some queries."""
        return statistic_of(self.pool, rows, statistic, self.seed)

    def mean(self, values: np.ndarray, kept: np.ndarray | None = None) -> dict:
        """Return the mean of values [n] over all queries, or over those kept."""
        rows = slice(None) if kept is None else kept
        return self.of(rows, lambda weights: weighted_mean(values[rows], weights))

    def rank(self, k: int, kept: np.ndarray) -> dict:
        """Return the share of queries whose right individual is among the first k candidates."""
        found = (self.pool.ids[:, :k] == self.pool.truth[:, None]).any(axis=1)
        return self.mean(found.astype(float), kept)

    def balanced_accuracy(self, kept: np.ndarray) -> dict:
        """Return the share of right first answers, averaged over individuals."""
        pool = self.pool
        found = ~self.new_first & (pool.ids[:, 0] == pool.truth)
        right = np.where(pool.is_new, self.new_first, found)
        _, who = np.unique(pool.individual_ids[kept], return_inverse=True)  # numbers sort quicker
        return self.of(kept, lambda weights: balanced_accuracy(right[kept], who, weights))

    def auroc(self, kept: np.ndarray) -> dict:
        """Return how well the best score tells known from new individuals."""
        score, is_new = -self.pool.standard[kept, 0], self.pool.is_new[kept]
        return self.of(kept, lambda weights: auroc(score, is_new, weights))

    def group(self, kept: np.ndarray, against: np.ndarray) -> dict:
        """Return what is said about a group of queries; `against` is what its AUROC is over."""
        known = kept & ~self.pool.is_new
        return self.mean(self.precision, kept) | {
            "rank1": self.rank(1, known),
            "balanced_accuracy_known": self.balanced_accuracy(known),
            "balanced_accuracy_new": self.balanced_accuracy(kept & self.pool.is_new),
            "auroc": self.auroc(against),
        }


def statistic_of(pool: Pool, rows: slice | np.ndarray, statistic: Statistic, seed: int) -> dict:
    """Return a statistic of some queries, from their weights, its interval and their number.

    Args:
        pool: the queries.
        rows: which.
        statistic: from how often each query counts [n] to a number.
        seed: for drawing individuals.
    """
    who = pool.individual_ids[rows]
    value = statistic(np.ones(len(who))) if len(who) else float("nan")
    return {
        "value": value if np.isfinite(value) else None,
        "interval": interval(statistic, who, seed),
        "queries": len(who),
        "queries_new": int(pool.is_new[rows].sum()),
    }
