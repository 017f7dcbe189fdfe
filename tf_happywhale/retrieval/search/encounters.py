"""Rank the photographs of one encounter together, since they show one animal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tf_happywhale.retrieval.search.candidates import Candidates
from tf_happywhale.retrieval.search.exact import rank_labels, spans
from tf_happywhale.retrieval.search.joined_rows import stack

QUERIES = 512  # looked at together, whole encounters
ROWS = 8192  # of the gallery, of a tile
Search = Callable[[np.ndarray], Candidates]


def rank_encounters(
    queries: np.ndarray,
    gallery: np.ndarray,
    individual_ids: Sequence[str],
    encounters: Sequence[str],
    k: int,
    search: Search,
    best_of: int = 1,
) -> Candidates:
    """Return the k best individuals of each query; those of one encounter have the same.

    An individual's score in an encounter is the mean over its photographs of what each scores by
    itself, the best cosine with any image of the individual or the mean of the `best_of` best: each
    photograph may match another picture of the individual, such as one of its other side. The
    reference is the image nearest to the photograph itself.

    Args:
        queries: embeddings [n, d] float32.
        gallery: embeddings [m, d] of m ≥ 1 images.
        individual_ids: the individual in each of them.
        encounters: of each query; a query with empty text stands alone.
        k: number of candidates of each query.
        search: candidates of queries [b, d] that stand alone.
        best_of: see `search`.
    """
    labels = np.asarray(encounters, np.str_)
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    together = np.isin(labels, names[counts > 1])
    alone = search(queries[~together])
    ids = np.full((len(queries), k), "", np.asarray(individual_ids, np.str_).dtype)
    columns = [ids, np.full((len(queries), k), -np.inf, np.float32), np.full((len(queries), k), -1)]
    for column, found in zip(
        columns, (alone.individual_id, alone.score, alone.reference), strict=True
    ):
        column[~together] = found
    for rows in _whole(labels, names[counts > 1]):
        _rank(queries, gallery, individual_ids, labels, rows, columns, best_of)
    return Candidates(*columns)


def _whole(labels: np.ndarray, names: np.ndarray) -> Iterator[np.ndarray]:
    """Yield rows of whole encounters, about `QUERIES` at a time."""
    waiting: list[np.ndarray] = []
    for name in names:
        waiting.append(np.flatnonzero(labels == name))
        if sum(map(len, waiting)) >= QUERIES:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def _rank(
    queries: np.ndarray,
    gallery: np.ndarray,
    individual_ids: Sequence[str],
    encounters: np.ndarray,
    rows: np.ndarray,
    columns: list[np.ndarray],
    best_of: int,
) -> None:
    """Write the candidates of whole encounters into `columns`.

    Args:
        rows: int64 [q], their queries.
        columns: individual_id, score and reference of all queries, each [n, k], as in `Candidates`.
    """
    known, labels = np.unique(np.asarray(individual_ids, np.str_), return_inverse=True)
    order = np.argsort(labels, kind="stable")
    asked, rest = stack([queries[rows]]), stack([gallery]).take(order)
    query = asked.tile(slice(None))
    best = np.full((best_of, len(known), len(rows)), -np.inf, np.float32)  # the highest first
    where = np.full((len(known), len(rows)), -1)
    for start, stop in spans(0, len(order), ROWS):
        cosine, own = rest.tile(slice(start, stop)) @ query.T, labels[order[start:stop]]
        heads = np.flatnonzero(np.append(True, own[1:] != own[:-1]))
        for head, end in zip(heads, np.append(heads[1:], len(own)), strict=True):
            place = cosine[head:end].argmax(axis=0)
            top, row = cosine[head:end][place, np.arange(len(rows))], own[head]
            better = top > best[0, row]
            where[row] = np.where(better, order[start + head + place], where[row])
            best[:, row] = _highest(np.concatenate([best[:, row], cosine[head:end]]), best_of)
    there = np.isfinite(best)
    score = np.where(there, best, 0).sum(axis=0, dtype=np.float64) / there.sum(axis=0)
    k = min(columns[0].shape[1], len(known))
    for encounter in np.unique(encounters[rows]):
        mine = np.flatnonzero(encounters[rows] == encounter)
        mean = score[:, mine].mean(axis=1)
        top = rank_labels(mean[None], np.arange(len(known))[None], k)[0]
        for n in mine:
            columns[0][rows[n], :k] = known[top]
            columns[1][rows[n], :k] = mean[top]
            columns[2][rows[n], :k] = where[top, n]


def _highest(cosine: np.ndarray, count: int) -> np.ndarray:
    """Return the `count` highest of each column [n, q], descending."""
    kept = np.partition(cosine, len(cosine) - count, axis=0)[len(cosine) - count :]
    return np.sort(kept, axis=0)[::-1]
