"""Metrics of a ranking: mAP, rank-k, AUROC, balanced accuracy, and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tf_happywhale.retrieval.submission import ANSWERS

DRAWS = 1000  # of the bootstrap


def average_precision(
    ranked: Sequence[Sequence[str]], truth: Sequence[str], at: int = ANSWERS
) -> np.ndarray:
    """Return 1/rank of each query's right answer among its first `at` ids, or 0: float64 [n].

    A repeated id counts where it stands first.
    """
    found = np.zeros(len(truth))
    for n, (ids, answer) in enumerate(zip(ranked, truth, strict=True)):
        first = list(ids[:at])
        found[n] = 1 / (first.index(answer) + 1) if answer in first else 0.0
    return found


def mean_average_precision(
    ranked: Sequence[Sequence[str]], truth: Sequence[str], at: int = ANSWERS
) -> float:
    """Return mAP@`at` with one right answer for each query: the mean of 1/rank, 0 if it is not
    among them.

    A repeated id counts where it stands first. Without queries the result is 0.
    """
    return float(average_precision(ranked, truth, at).mean()) if len(truth) else 0.0


def rank_share(ranked: Sequence[Sequence[str]], truth: Sequence[str], rank: int) -> float:
    """Return the share of queries whose answer is among the first `rank` ids; 0 without queries."""
    hits = sum(answer in list(ids[:rank]) for ids, answer in zip(ranked, truth, strict=True))
    return hits / len(truth) if len(truth) else 0.0


def balanced_accuracy(
    right: np.ndarray, individual_ids: Sequence[str], weights: np.ndarray | None = None
) -> float:
    """Return the mean over individuals of the share of their images that was answered rightly; 0
    without any.

    Over images of known individuals, with the right one first, this is BAKS; over new individuals'
    images, with `new_individual` first, BAUS (the measures of AnimalCLEF).

    Args:
        right: bool [n].
        individual_ids: the true individual in each image [n], also if it is new.
        weights: of the images [n], equal within an individual: how often the bootstrap drew it.
    """
    if not len(right):
        return 0.0
    _, group, count = np.unique(np.asarray(individual_ids), return_inverse=True, return_counts=True)
    weights = np.ones(len(group)) if weights is None else weights
    share = weights / count[group]
    return float((share * np.asarray(right, float)).sum() / max(share.sum(), 1e-12))


def auroc(score: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the probability that a positive query has a higher score than another, ties counting
    half; NaN where one kind is missing.

    Args:
        score: [n].
        positive: bool [n].
        weights: of the queries [n].
    """
    positive = np.asarray(positive, bool)
    weights = np.ones(len(positive)) if weights is None else np.asarray(weights, float)
    up, down = weights * positive, weights * ~positive
    if not up.sum() or not down.sum():
        return float("nan")
    _, place = np.unique(score, return_inverse=True)
    at = np.bincount(place, down)
    below = np.cumsum(at) - at
    return float((up * (below[place] + at[place] / 2)).sum() / (up.sum() * down.sum()))


def weighted_mean(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the mean; 0 without values or weight."""
    weights = np.ones(len(values)) if weights is None else np.asarray(weights)
    return float((np.asarray(values, float) * weights).sum() / max(weights.sum(), 1e-12))


def interval(
    statistic: Callable[[np.ndarray], float], individual_ids: Sequence[str], seed: int
) -> list[float]:
    """Return the 95% bootstrap interval [low, high] of a statistic, drawing whole individuals.

    An individual's images resemble each other, so that drawing images would make it too narrow.

    Args:
        statistic: from how often each query was drawn [n] to a number; NaN is left out.
        individual_ids: the individual in each query [n].
        seed: of the draws.
    """
    names, group = np.unique(np.asarray(individual_ids), return_inverse=True)
    rng = np.random.default_rng([seed, 0xB007])
    drawn = []
    for _ in range(DRAWS if len(names) else 0):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        drawn.append(statistic(times[group].astype(float)))
    finite = [value for value in drawn if np.isfinite(value)]
    return [float(np.quantile(finite, q)) for q in (0.025, 0.975)] if finite else [0.0, 0.0]
