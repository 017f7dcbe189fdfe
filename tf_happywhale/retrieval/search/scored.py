"""Candidates by scores of images that were computed in any way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tf_happywhale.retrieval.search.candidates import Candidates, nobody
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack
from tf_happywhale.retrieval.search.same_side import Sides, order_of, prefer_same_side

CELLS = 2**24  # scores in memory at a time
Scores = Callable[[np.ndarray], np.ndarray]  # of rows of queries [b], float32 [b, m]


def rank_scored(
    scores: Scores,
    individual_ids: Sequence[str],
    encounters: Sequence[str],
    k: int,
    best_of: int = 1,
    sides: Sides | None = None,
) -> Candidates:
    """Return the k best individuals of each query; those of one encounter have the same.

    An individual's score is that of its best image, or the mean of its `best_of` best. In an
    encounter it is the mean over the photographs for which one of its images counts. The reference
    is the best image for the photograph itself. Equal scores are in the order of the individuals.

    With `sides`, individuals come first that are known from the side that the query shows (in an
    encounter: that one of its photographs shows), and the reference is an image of that side. The
    scores stay. See `same_side.py`.

    Args:
        scores: of the gallery's images for some of the queries; −inf where an image does not
            count. An individual without an image that counts is no candidate.
        individual_ids: the individual in each image of the gallery, m ≥ 1.
        encounters: of each query; a query with empty text stands alone.
        k: number of candidates of each query.
        best_of: see above.
        sides: of queries and gallery; None: they do not count.
    """
    known, who = np.unique(np.asarray(individual_ids, np.str_), return_inverse=True)
    order = np.argsort(who, kind="stable")
    heads = np.flatnonzero(np.diff(who[order], prepend=-1))
    found = nobody(len(encounters), k)
    ids = found.individual_id.astype(known.dtype)
    count = min(k, len(known))
    for rows, block in encounter_blocks(encounters, max(1, CELLS // len(who))):
        score = shown = scores(rows)[:, order]
        behind = None
        if sides is not None:
            shown, behind = prefer_same_side(score, sides.other(rows)[:, order], who[order])
            behind = np.logical_and.reduceat(behind, np.flatnonzero(np.diff(block, prepend=-1)))
        best = _individuals(score, heads, best_of)
        together = _means(best, block)
        top = order_of(together, behind, count)
        score = np.take_along_axis(together, top, 1)[block]
        nobody_there = ~np.isfinite(score)  # none of its images counts for this query
        where = order[_best_image(shown, heads, top[block])]
        ids[rows, :count] = np.where(nobody_there, "", known[top[block]])
        found.score[rows, :count] = score
        found.reference[rows, :count] = np.where(nobody_there, -1, where)
    return Candidates(ids, found.score, found.reference)


def cosines(queries: Stack, gallery: Stack | Blend) -> Scores:
    """Return a function that gives the cosines of some queries with the gallery's images."""
    known = gallery.tile(slice(None))
    return lambda rows: queries.tile(rows) @ known.T


def encounter_blocks(
    encounters: Sequence[str], most: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows of queries, about `most` at a time, and the number of each one's encounter among
    them. Encounters are whole."""
    together: dict[str, list[int]] = {}
    for row, name in enumerate(encounters):
        together.setdefault(f"e {name}" if name else f"row {row}", []).append(row)
    waiting: list[list[int]] = []
    for rows in together.values():
        if waiting and sum(map(len, waiting)) + len(rows) > most:
            yield _block(waiting)
            waiting = []
        waiting.append(rows)
    if waiting:
        yield _block(waiting)


def _block(groups: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(groups), np.repeat(np.arange(len(groups)), list(map(len, groups)))


def _means(score: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Return the mean of each encounter's scores that are not −inf, float64 [e, c]; −inf where all
    are.

    Args:
        score: [b, c].
        block: int64 [b], the number of the encounter, ascending.
    """
    counts = np.isfinite(score)
    total = np.zeros((int(block[-1]) + 1, score.shape[1]))
    number = np.zeros(total.shape)
    np.add.at(total, block, np.where(counts, score, 0))
    np.add.at(number, block, counts)
    return np.where(number > 0, total / np.maximum(number, 1), -np.inf)


def _individuals(score: np.ndarray, heads: np.ndarray, best_of: int) -> np.ndarray:
    """Return the individuals' scores float64 [b, c]."""
    if best_of == 1:
        return np.maximum.reduceat(score, heads, axis=1).astype(np.float64)
    parts = np.split(score, heads[1:], axis=1)
    return np.stack(
        [np.sort(part, axis=1)[:, -best_of:].mean(axis=1, dtype=np.float64) for part in parts], 1
    )


def _best_image(score: np.ndarray, heads: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Return where the best image of each of the individuals `top` [b, k] stands, int64 [b, k]."""
    ends = np.append(heads[1:], score.shape[1])
    where = np.empty(top.shape, np.int64)
    for row, people in enumerate(top):
        for place, person in enumerate(people.tolist()):
            mine = slice(heads[person], ends[person])
            where[row, place] = heads[person] + score[row, mine].argmax()
    return where
