"""Which individuals are known from the side that a query shows.

The two sides of an animal have different marks. So where both sides are known, an individual that
is known from the query's side comes first. One that is known only from another side comes behind
all of those, whatever its score; it is not left out. No score changes.

An unknown side counts as the query's. It must not count against an individual: in a catalogue some
animals have no sides noted, and they would always come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.tables.dates_and_sides import SIDE_WORDS, side_of
from tf_happywhale.retrieval.embeddings import Embeddings

UNKNOWN = 0


@dataclass(frozen=True)
class Sides:
    """The side that each query and each image of the gallery shows, as numbers; 0: unknown.

    Attributes:
        queries: int8 [n].
        gallery: int8 [m].
    """

    queries: np.ndarray
    gallery: np.ndarray

    @property
    def matter(self) -> bool:
        """Whether a query and an image of the gallery show two sides."""
        known = {int(side) for side in np.unique(self.queries)} - {UNKNOWN}
        others = {int(side) for side in np.unique(self.gallery)} - {UNKNOWN}
        return any(others - {side} for side in known)

    def other(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return which images show another side than the queries in these rows, bool [b, m]. An
        unknown side is no other side."""
        asked = self.queries[rows][:, None]
        return (asked != self.gallery) & (asked != UNKNOWN) & (self.gallery != UNKNOWN)


def sides_of(queries: Embeddings, gallery: Embeddings) -> Sides:
    """Return the sides that the column viewpoint names."""
    return Sides(*(_numbers(images.column("viewpoint").tolist()) for images in (queries, gallery)))


def prefer_same_side(
    score: np.ndarray, other: np.ndarray, who: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images that may be shown, and the individuals that come behind the rest.

    An individual comes behind if none of its images that were compared is of the query's side or of
    an unknown one. Of any other individual only such images are shown.

    Args:
        score: of images, float [b, m]; −inf where an image does not count.
        other: which of them show another side than the query, bool [b, m].
        who: int64 [m], the individual's number from 0 on, without gaps; the images of an individual
            follow one another.

    Returns:
        shown [b, m], the scores with −inf for images that are not shown; behind, bool [b, c].
    """
    heads = np.flatnonzero(np.diff(who, prepend=-1))
    if not len(heads):
        return score, np.zeros((len(score), 0), bool)
    near = np.isfinite(score) & ~other
    behind = ~np.logical_or.reduceat(near, heads, axis=1)
    return np.where(other & ~behind[:, who], -np.inf, score), behind


def order_of(score: np.ndarray, behind: np.ndarray | None, k: int) -> np.ndarray:
    """Return the places int64 [b, k] of the individuals that come first.

    Args:
        score: of individuals, [b, c]. Equal ones stay in their order.
        behind: which of them come behind the rest, bool [b, c]; None: none.
        k: at most c.
    """
    keys = [-score] if behind is None else [-score, behind]
    return np.lexsort(keys, axis=1)[:, :k]


def side_sentence(sides: Sides, individual_ids: Sequence[str]) -> str:
    """Return a sentence on what the sides change; empty if they change nothing."""
    asked = sorted({int(side) for side in sides.queries} - {UNKNOWN})
    if not sides.matter:
        return ""
    ids = np.asarray(individual_ids, np.str_)
    everyone = set(ids.tolist())
    counts = []
    for side in asked:
        near = (sides.gallery == side) | (sides.gallery == UNKNOWN)
        behind = len(everyone - set(ids[near].tolist()))
        counts.append(f"{behind} of {len(everyone)} for {SIDE_WORDS[side - 1]}")
    known = int(np.count_nonzero(sides.queries))
    return (
        f"The side of {known} of {len(sides.queries)} animals is known: individuals known from the "
        "same side, or from an unknown one, come before those known only from another side "
        f"({', '.join(counts)}). identify.sides=ignore ranks by the score alone."
    )


def _numbers(viewpoints: Sequence[str]) -> np.ndarray:
    number = {"": UNKNOWN} | {side: place for place, side in enumerate(SIDE_WORDS, start=1)}
    of = {viewpoint: number[side_of(viewpoint)] for viewpoint in dict.fromkeys(viewpoints)}
    return np.array([of[viewpoint] for viewpoint in viewpoints], np.int8)
