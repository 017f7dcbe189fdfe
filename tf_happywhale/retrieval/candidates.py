"""Candidates: for each query the individuals of the gallery, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import normalise

TILE_BYTES = 64 * 2**20  # scores held at a time


@dataclass(frozen=True)
class Candidates:
    """The k best individuals of each query, best first.

    Attributes:
        individual_id: str [n, k]; empty where there are fewer than k individuals.
        score: float32 [n, k], cosine of the best image; −inf where there is no individual.
        reference: int64 [n, k], gallery row of that image; −1 where there is none.
    """

    individual_id: np.ndarray
    score: np.ndarray
    reference: np.ndarray


def rank_individuals(
    queries: np.ndarray, gallery: np.ndarray, individual_ids: Sequence[str], k: int
) -> Candidates:
    """Exact candidates by the highest cosine over each individual's images.

    The whole gallery is searched, in tiles of queries. Equal scores are ordered by individual_id.

    Args:
        queries: embeddings [n, d].
        gallery: embeddings [m, d], m ≥ 1.
        individual_ids: text [m].
        k: candidates a query.
    """
    order = np.argsort(np.asarray(individual_ids, dtype=object), kind="stable")
    ids, starts = np.unique(np.asarray(individual_ids, dtype=np.str_)[order], return_index=True)
    queries, gallery = normalise(queries), normalise(gallery)[order]
    kept = min(k, len(ids))
    best, reference = [np.zeros((0, kept), np.int64)], [np.zeros((0, kept), np.int64)]
    score = [np.zeros((0, kept), np.float32)]
    tile = max(1, TILE_BYTES // (4 * len(gallery)))
    for start in range(0, len(queries), tile):
        cosine = queries[start : start + tile] @ gallery.T
        highest = np.maximum.reduceat(cosine, starts, axis=1)
        top = _top(highest, kept)
        best.append(top)
        score.append(np.take_along_axis(highest, top, axis=1))
        reference.append(_best_image(cosine, top, starts))
    columns = np.concatenate(best), np.concatenate(score), order[np.concatenate(reference)]
    return _fill(ids[columns[0]], columns[1], columns[2], k)


def rank_individuals_sklearn(
    queries: np.ndarray, gallery: np.ndarray, individual_ids: Sequence[str], k: int
) -> Candidates:
    """As `rank_individuals`, by scikit-learn's brute-force neighbours: the reference."""
    from sklearn.neighbors import NearestNeighbors

    names = np.asarray(individual_ids, dtype=np.str_)
    neighbours = NearestNeighbors(n_neighbors=len(names), metric="cosine", algorithm="brute")
    distances, rows = neighbours.fit(gallery).kneighbors(queries)
    ids, scores, references = [], [], []
    for distance, row in zip(distances, rows, strict=True):
        best: dict[str, tuple[float, int]] = {}
        for d, r in zip(distance, row, strict=True):
            best.setdefault(str(names[r]), (1 - float(d), int(r)))
        chosen = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))[:k]
        ids.append([identity for identity, _ in chosen])
        scores.append([score for _, (score, _) in chosen])
        references.append([reference for _, (_, reference) in chosen])
    width = min(k, len(set(names)))
    shape = (len(queries), width)
    return _fill(
        np.array(ids, dtype=np.str_).reshape(shape),
        np.array(scores, np.float32).reshape(shape),
        np.array(references, np.int64).reshape(shape),
        k,
    )


def _top(highest: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k highest of each row, equal ones by column (so by individual_id)."""
    kth = np.partition(highest, -k, axis=1)[:, -k]
    columns = np.empty((len(highest), k), np.int64)
    for row, (values, least) in enumerate(zip(highest, kth, strict=True)):
        places = np.flatnonzero(values >= least)
        columns[row] = places[np.argsort(-values[places], kind="stable")[:k]]
    return columns


def _best_image(cosine: np.ndarray, top: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """For each chosen individual the column of its best image."""
    ends = np.append(starts[1:], cosine.shape[1])
    columns = np.empty_like(top)
    for row, individuals in enumerate(top):
        for rank, individual in enumerate(individuals):
            images = cosine[row, starts[individual] : ends[individual]]
            columns[row, rank] = starts[individual] + int(np.argmax(images))
    return columns


def _fill(ids: np.ndarray, score: np.ndarray, reference: np.ndarray, k: int) -> Candidates:
    missing = [(0, 0), (0, k - ids.shape[1])]
    return Candidates(
        np.pad(ids, missing, constant_values=""),
        np.pad(score, missing, constant_values=-np.inf),
        np.pad(reference, missing, constant_values=-1),
    )
