"""Candidates: for each query the individuals of the gallery, best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.exact import MEMORY, Neighbours, nearest
from tf_happywhale.retrieval.search.individuals import Individuals, individuals_of
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack, stack
from tf_happywhale.retrieval.search.mean_of_best import mean_of_best

_SEARCH: ContextVar[Callable[..., Neighbours]] = ContextVar("search", default=nearest)


@contextmanager
def searched_by(search: Callable[..., Neighbours]) -> Iterator[None]:
    """Let another function than `exact.nearest`, with its arguments, do all searches of the body.

    A ranking consists of many searches, deep in functions that need not know who does them.
    """
    before = _SEARCH.set(search)
    try:
        yield
    finally:
        _SEARCH.reset(before)


@dataclass(frozen=True)
class Candidates:
    """The k best individuals of each query, best first.

    Attributes:
        individual_id: str [n, k]; empty if there are fewer than k individuals.
        score: float32 [n, k], cosine of the best image; −inf where there is no individual.
        reference: int64 [n, k], gallery row of that image; −1 where there is none.
    """

    individual_id: np.ndarray
    score: np.ndarray
    reference: np.ndarray


def rank_individuals(
    queries: np.ndarray | Stack,
    gallery: np.ndarray | Stack | Blend,
    individual_ids: Sequence[str] | Individuals,
    k: int,
    *,
    engine: str = "numpy",
    shortlist: str = "auto",
    memory: int = MEMORY,
    best_of: int = 1,
) -> Candidates:
    """Exact candidates by the highest cosine over each individual's images.

    The whole gallery is searched. Equal scores are ordered by individual_id. An empty gallery
    leaves every place empty.

    Args:
        queries: embeddings [n, d], or a stack of several models'.
        gallery: embeddings [m, d], a stack, or a blend with the head's centres.
        individual_ids: text [m]; or `Individuals`, which are sorted once for many searches, since
            sorting a million takes longer than one query.
        k: number of candidates of each query.
        engine: `auto`, `tensorflow` or `numpy`.
        shortlist: what TensorFlow multiplies: `float32`, `bfloat16`, or `auto`.
        memory: bytes that the search may take for the gallery, see `exact.nearest`.
        best_of: an individual's score is the mean over this number of its best images.

    Raises:
        InputError: queries and gallery are not equally wide, images and individuals not equally
            many, or an individual_id is empty.
    """
    if not len(queries):  # their width is unknown if there was no image to embed
        return nobody(0, k)
    queries = queries if isinstance(queries, Stack) else stack([queries])
    gallery = stack([gallery]) if isinstance(gallery, np.ndarray) else gallery
    if queries.widths != gallery.widths:
        raise InputError(
            f"The queries' embeddings have {_widths(queries)} numbers, but the gallery's "
            f"{_widths(gallery)}: embed both with the same model."
        )
    if len(individual_ids) != len(gallery):
        raise InputError(
            f"The gallery has {len(gallery)} images, but {len(individual_ids)} are named: give "
            "each its individual_id."
        )
    if not len(gallery):
        return nobody(len(queries), k)
    known = individual_ids
    known = known if isinstance(known, Individuals) else individuals_of(known)
    if known.names[0] == "":  # text order; as a candidate it would look like an empty place
        row = int(np.flatnonzero(known.labels == 0)[0])
        raise InputError(
            f"Row {row} of the gallery has an empty individual_id: leave out the images of animals "
            "that nobody knows."
        )

    def search(asked: Stack, count: int) -> Neighbours:
        return _SEARCH.get()(
            asked, gallery, known.labels, count, engine=engine, shortlist=shortlist, memory=memory
        )

    if best_of > 1:
        found = mean_of_best(queries, gallery, known.labels, k, best_of, search)
    else:
        found = search(queries, k)
    return fill(known.names, found, k)


def _widths(rows: Stack | Blend) -> str:
    return " and ".join(map(str, rows.widths))


def nobody(queries: int, k: int) -> Candidates:
    """Return the candidates in an empty gallery: k empty places for each query."""
    shape = (queries, k)
    return Candidates(
        np.full(shape, "", "U1"), np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int64)
    )


def fill(ids: np.ndarray, found: Neighbours, k: int) -> Candidates:
    """Return labels as individuals, with empty places where there are fewer than k."""
    missing = [(0, 0), (0, k - found.label.shape[1])]
    return Candidates(
        np.pad(ids[found.label], missing, constant_values=""),
        np.pad(found.score.astype(np.float32), missing, constant_values=-np.inf),
        np.pad(found.image, missing, constant_values=-1),
    )
