"""Pairs of a gallery's images, which teach what a cosine and matched points are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.fusion.evidence import Usual, inputs_of
from tf_happywhale.retrieval.search.only import Only
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter

MOST = 2**21  # pairs; more teach little more


@dataclass(frozen=True)
class GalleryPairs:
    """Pairs of a gallery's images that were not taken together, each once.

    Attributes:
        inputs: float64 [p, 3], see `evidence.py`; NaN but for the cosine where the pair was not
            matched, or could not be.
        first, second: int64 [p], the number of the individual in either image.
    """

    inputs: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """Whether a pair shows one individual, bool [p]."""
        return self.first == self.second

    def take(self, kept: np.ndarray) -> GalleryPairs:
        """Return some of the pairs, by a mask."""
        return GalleryPairs(self.inputs[kept], self.first[kept], self.second[kept])


def gallery_pairs(
    gallery: Embeddings,
    rows: np.ndarray,
    matched: Compared,
    usual: Usual,
    only: Only | None = None,
) -> GalleryPairs:
    """Return all pairs of some images with the others; of `MOST` pairs at most.

    Args:
        gallery: with the columns encounter and date, as far as they are known.
        rows: int64 [q], the images.
        matched: the pairs that were matched, by the gallery's row.
        usual: what is usual for the gallery's images.
        only: which images may be compared with each other; None: all.
    """
    rows = rows[: max(1, MOST // max(len(gallery), 1))]
    who = np.unique(gallery.individual_id, return_inverse=True)[1]
    whole, together = gallery.stack().tile(slice(None)), same_encounter(gallery)
    asked = np.zeros(len(gallery), bool)
    asked[rows] = True
    later = np.arange(len(gallery))[None] > rows[:, None]
    wanted = ~together.mask(rows) & (later | ~asked[None])  # each pair once
    if only is not None:
        wanted &= ~only.out(rows)
    features = np.full((*wanted.shape, matched.features.shape[1]), np.nan, np.float32)
    for question, image, found in (matched.of(rows), _turned(matched, rows, len(gallery))):
        features[question, image] = found
    first, second = np.nonzero(wanted)
    first = rows[first]
    cosine = (whole[rows] @ whole.T)[wanted]
    inputs = inputs_of(cosine, features[wanted], usual.of(first), usual.of(second))
    return GalleryPairs(inputs, who[first], who[second])


def _turned(
    matched: Compared, rows: np.ndarray, images: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs in which the images `rows` answer, as if they were asked."""
    place = np.full(images, -1)
    place[rows] = np.arange(len(rows))
    answering = place[matched.image] >= 0
    return (
        place[matched.image[answering]],
        matched.question[answering],
        matched.features[answering],
    )
