"""What is known of a pair of pictures, as numbers that mean the same in every gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.fusion.cohorts import (
    Cohort,
    cohort_from,
    cohort_of,
    for_all,
    rows_of,
    unusual,
)
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.search.joined_rows import Stack

TOTAL, INLIERS = 1, 2  # places among the features of a pair
INPUTS = ("cosine", "total", "inliers")
LEAST_COSINE = 0.01  # lowest deviation
LEAST_COUNT = 0.5  # that of the root of a count that is due to chance (Poisson)
COLUMNS = 2048  # images of the gallery that say which cosines are usual
CELLS = 2**24  # cosines in memory at a time
SEED = 0xC0
Together = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Usual:
    """What is usual for images: of their cosines [n, 1], and of their counts [n, 2]."""

    cosine: Cohort
    counts: Cohort

    def of(self, rows: np.ndarray) -> Usual:
        """Return what is usual for some of the images."""
        return Usual(rows_of(self.cosine, rows), rows_of(self.counts, rows))


@dataclass(frozen=True)
class OwnUsual:
    """What a gallery's own pairs say is usual for its images; None where no pair says it: all
    images were taken together, or no picture could be matched."""

    cosine: Cohort | None
    counts: Cohort | None
    images: int

    def or_as(self, theirs: Callable[[], Usual]) -> Usual:
        """Return what is usual for the gallery's images. Where its pairs do not say it, that is
        what is usual for the photographs, which `theirs` returns."""
        if self.cosine is not None and self.counts is not None:
            return Usual(self.cosine, self.counts)
        other, images = theirs(), self.images
        return Usual(
            for_all(other.cosine, images) if self.cosine is None else self.cosine,
            for_all(other.counts, images) if self.counts is None else self.counts,
        )


def counts_of(features: np.ndarray) -> np.ndarray:
    """Return counts float64 [p, 2] of features [p, f]: roots of the sum of match scores and of the
    number of inliers, since the spread of a root does not grow with the count."""
    return np.sqrt(features[:, [TOTAL, INLIERS]].astype(np.float64))


def usual_of_questions(questions: Stack, gallery: Stack, matched: Compared) -> Usual:
    """Return what is usual for photographs.

    Args:
        questions, gallery: embeddings.
        matched: the photographs' pairs.
    """
    counts = cohort_of(counts_of(matched.features), matched.question, len(questions), LEAST_COUNT)
    return Usual(_usual_cosines(questions, gallery, None)[0], counts)


def own_usual(gallery: Stack, own: Compared, together: Together) -> OwnUsual:
    """Return what a gallery's own pairs say is usual for its images.

    Args:
        gallery: embeddings.
        own: the gallery's own pairs. Each counts to both of its images.
        together: says of some rows and columns which images were taken together, bool [b, c].
    """
    images, counts = len(gallery), counts_of(own.features)
    cosine, compared = _usual_cosines(gallery, gallery, together)
    usual = None
    if not np.isnan(counts).any(axis=1).all():
        owner = np.concatenate([own.question, own.image])
        usual = cohort_of(np.tile(counts, (2, 1)), owner, images, LEAST_COUNT)
    return OwnUsual(cosine if compared else None, usual, images)


def inputs_of(cosine: np.ndarray, features: np.ndarray, asked: Usual, known: Usual) -> np.ndarray:
    """Return the `INPUTS` of pairs, float64 [p, 3]; NaN where features are.

    Args:
        cosine: [p].
        features: [p, f].
        asked, known: what is usual for the first and for the second image of each pair.
    """
    return np.concatenate(
        [
            unusual(cosine[:, None], asked.cosine, known.cosine),
            unusual(counts_of(features), asked.counts, known.counts),
        ],
        axis=1,
    )


def _usual_cosines(
    questions: Stack, gallery: Stack, together: Together | None
) -> tuple[Cohort, bool]:
    """Return which cosines are usual for each question, and whether there is any pair."""
    columns = np.arange(len(gallery))
    if len(columns) > COLUMNS:
        columns = np.sort(np.random.default_rng(SEED).choice(columns, COLUMNS, replace=False))
    some, step = gallery.tile(columns).T, max(1, CELLS // max(len(columns), 1))
    parts = [np.zeros((0, 3))]
    for start in range(0, len(questions), step):
        rows = np.arange(start, min(start + step, len(questions)))
        cosine = (questions.tile(rows) @ some).astype(np.float64)
        counts = np.ones(cosine.shape) if together is None else ~together(rows, columns)
        powers = [(counts * cosine**power).sum(axis=1) for power in range(3)]
        parts.append(np.stack(powers, axis=1))
    count, total, squares = np.concatenate(parts).T
    cohort = cohort_from(count, total[:, None], squares[:, None], LEAST_COSINE)
    return cohort, bool(count.any())
