"""The original notebook's ranking, rule by rule, for comparison: `rank.preset=seed`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.catalogue.individuals import most_frequent
from tf_happywhale.retrieval.candidates import Candidates
from tf_happywhale.retrieval.embeddings import Embeddings, concatenate

NEIGHBOURS = 850
# The five individuals the notebook fills up with; ids of Happywhale's catalogue.
PADDING = ("938b7e931166", "5bf17305f073", "7593d2aee842", "7362d7a01d00", "956562ff2888")


def rank_by_seed(
    queries: np.ndarray, gallery: np.ndarray, individual_ids: Sequence[str], k: int
) -> Candidates:
    """Candidates from the 850 nearest images by cosine, each individual's best score.

    Embeddings are taken raw (scikit-learn's cosine distance needs no normalising). Fewer than k
    individuals among the neighbours leave empty ids at the end, as the notebook does.

    Args:
        queries: embeddings [n, d].
        gallery: embeddings [m, d].
        individual_ids: text [m].
        k: candidates kept for a query.
    """
    from sklearn.neighbors import NearestNeighbors

    names = np.asarray(individual_ids, dtype=np.str_)
    count = min(NEIGHBOURS, len(names))
    search = NearestNeighbors(n_neighbors=count, metric="cosine").fit(gallery)
    distances, rows = search.kneighbors(queries)
    individual_id = np.full((len(queries), k), "", dtype=names.dtype)
    score = np.full((len(queries), k), -np.inf, np.float32)
    reference = np.full((len(queries), k), -1, np.int64)
    for n, (distance, row) in enumerate(zip(distances, rows, strict=True)):
        best: dict[str, tuple[float, int]] = {}
        for d, r in zip(distance, row, strict=True):  # nearest first, so the first is the best
            best.setdefault(str(names[r]), (1 - d, r))
        for rank, (identity, (similarity, image)) in enumerate(list(best.items())[:k]):
            individual_id[n, rank], score[n, rank] = identity, similarity
            reference[n, rank] = image
    return Candidates(individual_id, score, reference)


def concatenate_raw(members: list[Embeddings]) -> Embeddings:
    """An ensemble as the notebook has it: embeddings side by side, lengths and all."""
    return concatenate(members, lengths=True)


def seed_padding(individual_ids: Sequence[str]) -> list[str]:
    """The notebook's five ids where the catalogue has them, else its most frequent individuals."""
    known = set(individual_ids)
    if known.issuperset(PADDING):
        return list(PADDING)
    return most_frequent(individual_ids)
