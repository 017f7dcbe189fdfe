"""From images' scores to individuals' scores, and to their order."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.search.same_side import order_of


def individual_scores(score: np.ndarray, who: np.ndarray, best_of: int = 1) -> np.ndarray:
    """Return each individual's score, the mean over its best images, float [b, c].

    Args:
        score: of images, [b, m]; −inf where an image does not count. The images of an individual
            follow one another.
        who: int64 [m], the individual's number, from 0 on without gaps.
        best_of: how many of its best images count; fewer if it has fewer.
    """
    heads = np.flatnonzero(np.diff(who, prepend=-1))
    if not len(heads):
        return np.zeros((len(score), 0), score.dtype)
    if best_of == 1:
        return np.maximum.reduceat(score, heads, axis=1)
    rest = score.copy()
    total, count = np.zeros((2, len(score), len(heads)))
    for _ in range(best_of):
        top = np.maximum.reduceat(rest, heads, axis=1)
        is_top = (rest == top[:, who]) & np.isfinite(rest)
        several = np.add.reduceat(is_top, heads, axis=1, dtype=np.int64)
        taken = np.minimum(several, best_of - count)
        total += np.where(taken > 0, top, 0) * taken
        count += taken
        rest[is_top] = -np.inf
    return np.where(count > 0, total / np.maximum(count, 1), -np.inf).astype(score.dtype)


def ordered(
    score: np.ndarray, behind: np.ndarray | None, own: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k individuals that come first, and how many stand before one's own.

    Equal scores are in the order of the individuals.

    Args:
        score: [b, c], −inf for an individual without a score.
        behind: which of them come behind the rest, bool [b, c]; None: none.
        own: int64 [b], the individual whose place is asked for.
        k: at most c.

    Returns:
        place int64 [b, k], best first; rank int64 [b], from 0; c − 1 for one without a score.
    """
    rows, count = np.arange(len(score)), score.shape[1]
    mine = score[rows, own][:, None]
    before = (score > mine) | ((score == mine) & (np.arange(count) < own[:, None]))
    if behind is not None:
        mine_behind = behind[rows, own][:, None]
        before = np.where(behind == mine_behind, before, mine_behind)
    rank = np.where(np.isfinite(mine[:, 0]), before.sum(axis=1), count - 1)
    if behind is not None:
        return order_of(score, behind, k), rank
    place = np.empty((len(score), k), np.int64)
    last = np.partition(score, count - k, axis=1)[:, count - k]
    for row, least in enumerate(last):  # sorting all of them would take longer
        some = np.flatnonzero(score[row] >= least)
        place[row] = some[np.argsort(-score[row, some], kind="stable")[:k]]
    return place, rank
