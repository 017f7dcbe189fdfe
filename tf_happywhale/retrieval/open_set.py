"""The open set: where `new_individual` stands among the candidates, and how likely it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.metrics import mean_average_precision

GRID = tuple(step / 10 for step in range(11))  # the seed's thresholds


def insert_new(ids: Sequence[str], scores: Sequence[float], threshold: float) -> list[str]:
    """The seed's rule: `new_individual` is second if the best score is above the threshold, else
    first. Ids that are empty are left out."""
    known = [identity for identity in ids if identity]
    place = 1 if known and scores[0] > threshold else 0
    return [*known[:place], NEW_INDIVIDUAL, *known[place:]]


def grid_threshold(
    ids: np.ndarray, scores: np.ndarray, truth: Sequence[str], new_share: float
) -> float:
    """The seed's threshold: the one of 0, .1, …, 1 with the best weighted mAP@5.

    Args:
        ids: candidates str [n, k] of validation queries, best first.
        scores: their scores [n, k].
        truth: individual_id or `new_individual` [n].
        new_share: weight of the new individuals' mAP@5 against the known ones'.
    """
    found = [weighted_map(ids, scores, truth, threshold, new_share) for threshold in GRID]
    return GRID[int(np.argmax(found))]


def best_threshold(
    ids: np.ndarray, scores: np.ndarray, truth: Sequence[str], new_share: float
) -> float:
    """The threshold with the best weighted mAP@5 over all that make a difference.

    Between two neighbouring best scores every threshold ranks alike, so their middles are tried;
    what a query gains with `new_individual` first rather than second is summed up from the lowest
    best score to the highest. Among equally good thresholds the lowest wins. Without
    queries, or with no score, 0.

    Arguments as `grid_threshold`.
    """
    best = np.asarray(scores, float)[:, 0] if len(scores) else np.zeros(0)
    truth = np.asarray(truth, dtype=np.str_)
    finite = np.isfinite(best)
    if not finite.any():
        return 0.0
    is_new = truth == NEW_INDIVIDUAL
    weight = np.where(
        is_new, new_share / max(is_new.sum(), 1), (1 - new_share) / max((~is_new).sum(), 1)
    )
    first = _precision(ids, truth, threshold_above=True)
    second = _precision(ids, truth, threshold_above=False)
    gain = (first - second) * weight
    order = np.argsort(best[finite], kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(gain[finite][order])])
    values = best[finite][order]
    places = np.flatnonzero(np.append(values[1:] > values[:-1], True)) + 1
    places = np.concatenate([[0], places])
    chosen = places[int(np.argmax(sums[places]))]
    if chosen == 0:
        return float(values[0] - 1e-3)
    if chosen == len(values):
        return float(values[-1] + 1e-3)
    return float((values[chosen - 1] + values[chosen]) / 2)


def weighted_map(
    ids: np.ndarray,
    scores: np.ndarray,
    truth: Sequence[str],
    threshold: float,
    new_share: float,
) -> float:
    """`new_share` · mAP@5 of new individuals + the rest · mAP@5 of known ones; a side without
    queries counts nothing."""
    ranked = [insert_new(row, score, threshold) for row, score in zip(ids, scores, strict=True)]
    total = 0.0
    for new, share in ((True, new_share), (False, 1 - new_share)):
        rows = [n for n, identity in enumerate(truth) if (identity == NEW_INDIVIDUAL) == new]
        if rows:
            part = mean_average_precision([ranked[n] for n in rows], [truth[n] for n in rows])
            total += share * part
    return total


def new_probability(
    best: np.ndarray, validation_best: np.ndarray, validation_is_new: np.ndarray
) -> np.ndarray:
    """P(new) float64 [n] of queries from their best scores, by logistic regression on validation
    queries; NaN where validation holds no new or no known individual."""
    if not len(best) or len(set(map(bool, validation_is_new))) < 2:
        return np.full(len(best), np.nan)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0)
    model.fit(np.reshape(validation_best, (-1, 1)), np.asarray(validation_is_new, int))
    return model.predict_proba(np.reshape(best, (-1, 1)))[:, 1]


def _precision(ids: np.ndarray, truth: np.ndarray, threshold_above: bool) -> np.ndarray:
    """Average precision@5 of each query with `new_individual` first (threshold above its score)
    or second."""
    threshold = np.inf if threshold_above else -np.inf
    scores = np.zeros(np.shape(ids))
    return np.array(
        [
            mean_average_precision([insert_new(row, score, threshold)], [answer])
            for row, score, answer in zip(ids, scores, truth, strict=True)
        ]
    )
