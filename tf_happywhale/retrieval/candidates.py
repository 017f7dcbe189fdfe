"""Candidates: for each query the individuals of the gallery, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.best_of import mean_of_best
from tf_happywhale.retrieval.libraries import nearest_by_library
from tf_happywhale.retrieval.neighbours import MEMORY, Neighbours, nearest
from tf_happywhale.retrieval.stack import Blend, Stack, stack


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
    queries: np.ndarray | Stack,
    gallery: np.ndarray | Stack | Blend,
    individual_ids: Sequence[str],
    k: int,
    *,
    engine: str = "numpy",
    shortlist: str = "auto",
    memory: int = MEMORY,
    best_of: int = 1,
) -> Candidates:
    """Exact candidates by the highest cosine over each individual's images.

    The whole gallery is searched, in tiles. Equal scores are ordered by individual_id.

    Args:
        queries: embeddings [n, d], or a stack of several models'.
        gallery: embeddings [m, d] of m ≥ 1 images, a stack, or a blend with the head's centres.
        individual_ids: text [m].
        k: candidates a query.
        engine: `auto`, `tensorflow`, `numpy`; `sklearn` (the reference) or `faiss`.
        shortlist: what TensorFlow multiplies: `float32`, `bfloat16`, or `auto`.
        memory: bytes for the gallery in the engine's numbers.
        best_of: an individual's score is the mean of its that many best images, not of the one.
    """
    queries = queries if isinstance(queries, Stack) else stack([queries])
    gallery = stack([gallery]) if isinstance(gallery, np.ndarray) else gallery
    ids, labels = np.unique(np.asarray(individual_ids, dtype=np.str_), return_inverse=True)

    def search(asked: Stack, count: int) -> Neighbours:
        if engine in ("sklearn", "faiss"):
            return nearest_by_library(asked, gallery, labels, count, engine)
        return nearest(
            asked, gallery, labels, count, engine=engine, shortlist=shortlist, memory=memory
        )

    if best_of > 1:
        found = mean_of_best(queries, gallery, labels, k, best_of, search)
    else:
        found = search(queries, k)
    return fill(ids, found, k)


def fill(ids: np.ndarray, found: Neighbours, k: int) -> Candidates:
    """Labels as individuals; empty places where there are fewer than k."""
    missing = [(0, 0), (0, k - found.label.shape[1])]
    return Candidates(
        np.pad(ids[found.label], missing, constant_values=""),
        np.pad(found.score.astype(np.float32), missing, constant_values=-np.inf),
        np.pad(found.image, missing, constant_values=-1),
    )
