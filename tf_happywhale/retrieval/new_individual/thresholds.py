"""Thresholds: the place of `new_individual` among the candidates, and how it is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.submission import ANSWERS

GRID = tuple(step / 10 for step in range(11))  # the original's thresholds
LOWEST = -1.0  # the lowest cosine: new_individual comes last
FEW = 20  # known and new images of a species below which it has the common threshold


def lowest_so_far(scores: np.ndarray) -> np.ndarray:
    """Return for each candidate the lowest of the scores up to its own, float64 [n, k]: it passes a
    threshold together with all before it. Scores that never rise stay as they are; behind the
    individuals of one side (`same_side.py`), those of the other begin with higher scores.

    Args:
        scores: candidates' scores [n, k] in their order.
    """
    return np.minimum.accumulate(np.asarray(scores, float), axis=1)


def grid_threshold(
    ids: np.ndarray, scores: np.ndarray, truth: Sequence[str], new_share: float
) -> float:
    """Return the original's threshold: the one of 0, .1, …, 1 with the best weighted mAP@5.

    Args:
        ids: candidates str [n, k] of validation queries, best first.
        scores: their scores [n, k].
        truth: individual_id or `new_individual` [n].
        new_share: weight of the new individuals' mAP@5 against the known ones'.
    """
    found = [weighted_map(ids, scores, truth, threshold, new_share) for threshold in GRID]
    return GRID[int(np.argmax(found))]


def best_threshold(
    ids: np.ndarray,
    scores: np.ndarray,
    truth: Sequence[str],
    new_share: float,
    anywhere: bool = False,
) -> float:
    """Return the threshold with the best weighted mAP@5, of all that make a difference.

    All thresholds between two neighbouring scores give the same ranking, so only their middle is
    tried. The sum of what each query gains when `new_individual` passes one of its candidates is
    taken from the lowest score to the highest. Of equally good thresholds the lowest is returned; 0
    if there are no queries or no scores.

    The arguments are those of `grid_threshold` and `insert_new`.
    """
    places = (min(ANSWERS, np.shape(ids)[1]) if anywhere else 1) if len(ids) else 0
    passed = lowest_so_far(scores)[:, :places] if places else np.zeros((0, 1))
    finite = np.isfinite(passed)
    if not finite.any():
        return 0.0
    precision = precision_by_place(ids, truth, places)
    gain = (precision[:, :-1] - precision[:, 1:]) * weights_of(truth, new_share)[:, None]
    order = np.argsort(passed[finite], kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(gain[finite][order])])
    values = passed[finite][order]
    ends = np.flatnonzero(np.append(values[1:] > values[:-1], True)) + 1
    ends = np.concatenate([[0], ends])
    best = np.round(sums[ends], 12)  # sums of the same numbers in another order make no difference
    chosen = ends[int(np.argmax(best))]
    if chosen == 0:
        return float(values[0] - 1e-3)
    if chosen == len(values):
        return float(values[-1] + 1e-3)
    return float((values[chosen - 1] + values[chosen]) / 2)


def one_sided(queries: int, new: int) -> str:
    """Return a sentence on why no threshold can be chosen from `queries` queries, of which `new`
    are of new individuals; empty if one can be chosen."""
    if 0 < new < queries:
        return ""
    place = "below" if queries > new else "above"
    side = f"{place} all of their scores" if queries else "at 0"
    kind = "a new" if queries > new else "a known"
    return (
        f"No threshold for new_individual can be chosen: of the {queries} images that judge it, "
        f"none shows {kind} individual, so it stands {side}. Set rank.threshold, or "
        "rank.new=target_share with rank.target_share."
    )


def share_threshold(best: np.ndarray, share: float) -> float:
    """Return the threshold with `new_individual` first for this share of the queries, by bisection.

    Args:
        best: best scores [n] of the queries themselves.
        share: of queries whose best score is not above the threshold.
    """
    best = np.asarray(best, float)[np.isfinite(best)]
    if not len(best):
        return 0.0
    low, high = float(best.min()) - 1e-3, float(best.max()) + 1e-3
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if np.mean(best <= middle) > share else (middle, high)
    return low


def species_thresholds(
    ids: np.ndarray,
    scores: np.ndarray,
    truth: Sequence[str],
    new_share: float,
    species: Sequence[str],
) -> dict[str, float]:
    """Return the best threshold, `anywhere`, of each species with enough known and new images.

    Args:
        species: of each query's best candidate [n]. The other arguments are those of
            `best_threshold`.
    """
    species, is_new = np.asarray(species), np.asarray(truth) == NEW_INDIVIDUAL
    found = {}
    for name in sorted(set(species.tolist()) - {""}):
        rows = species == name
        if min((rows & is_new).sum(), (rows & ~is_new).sum()) >= FEW:
            answers = [answer for answer, mine in zip(truth, rows, strict=True) if mine]
            found[name] = best_threshold(ids[rows], scores[rows], answers, new_share, True)
    return found


def weighted_map(
    ids: np.ndarray,
    scores: np.ndarray,
    truth: Sequence[str],
    threshold: float,
    new_share: float,
    anywhere: bool = False,
) -> float:
    """Return `new_share` · mAP@5 of new individuals + the rest · mAP@5 of known ones; a side
    without queries counts as 0."""
    if not len(ids):
        return 0.0
    places = min(ANSWERS, np.shape(ids)[1]) if anywhere else 1
    place = (lowest_so_far(scores)[:, :places] > threshold).sum(axis=1)
    precision = precision_by_place(ids, truth, places)
    return float((precision[np.arange(len(place)), place] * weights_of(truth, new_share)).sum())


def precision_by_place(ids: np.ndarray, truth: Sequence[str], places: int) -> np.ndarray:
    """Return the average precision@5 [n, places + 1] of each query with `new_individual` behind its
    first 0, 1, …, `places` candidates."""
    truth = np.asarray(truth, dtype=np.str_)
    place = np.arange(places + 1)
    right = np.asarray(ids) == truth[:, None]
    rank = np.where(right.any(axis=1), right.argmax(axis=1), 10**6)[:, None]
    rank = rank + (place <= rank)  # pushed back by a new_individual before it
    rank = np.where((truth == NEW_INDIVIDUAL)[:, None], place, rank)
    return np.where(rank < ANSWERS, 1 / (rank + 1), 0.0)


def weights_of(truth: Sequence[str], new_share: float) -> np.ndarray:
    """Return weights [n] with sum 1, by which `new_share` of the queries are new."""
    is_new = np.asarray(truth) == NEW_INDIVIDUAL
    known, new = (1 - new_share) / max((~is_new).sum(), 1), new_share / max(is_new.sum(), 1)
    return np.where(is_new, new, known)
