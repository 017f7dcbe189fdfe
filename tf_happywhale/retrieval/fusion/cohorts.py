"""How an image usually compares with others, so that what is unusual can be seen.

A sharp picture with many marks has some matches with any other; a blurred one has few with
itself. So a number counts by how far it lies above what is usual for both of its images, in
deviations (the symmetric normalisation of speaker recognition: Shum et al. 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHRINK = 5  # pairs that the usual of all images counts as, in that of each image


@dataclass(frozen=True)
class Cohort:
    """What is usual for each of n images: mean and deviation of f numbers, float64 [n, f]."""

    mean: np.ndarray
    deviation: np.ndarray


def cohort_of(values: np.ndarray, owner: np.ndarray, images: int, least: float) -> Cohort:
    """Return what is usual for each image; for one with few pairs nearly what is usual for all.

    Args:
        values: numbers of pairs, [p, f]; NaN: not known.
        owner: the image to which each pair counts, int64 [p].
        images: how many there are.
        least: the lowest deviation.
    """
    known = ~np.isnan(values).any(axis=1)
    values, owner = values[known].astype(np.float64), owner[known]
    count = np.bincount(owner, minlength=images)
    total, squares = (_sums(part, owner, images) for part in (values, values**2))
    return cohort_from(count, total, squares, least)


def cohort_from(count: np.ndarray, total: np.ndarray, squares: np.ndarray, least: float) -> Cohort:
    """Return what is usual for each image.

    Args:
        count: pairs of each image, [n].
        total, squares: sums of their numbers and of the squares of these, [n, f].
        least: the lowest deviation.
    """
    pairs = max(count.sum(), 1)
    middle = total.sum(axis=0) / pairs
    spread = squares.sum(axis=0) / pairs - middle**2
    weight = count[:, None] + SHRINK
    mean = (total + SHRINK * middle) / weight
    square = (squares + SHRINK * (spread + middle**2)) / weight
    return Cohort(mean, np.sqrt(np.maximum(square - mean**2, least**2)))


def unusual(values: np.ndarray, ones: Cohort, others: Cohort) -> np.ndarray:
    """Return how far numbers lie above what is usual for both images, in deviations, float64.

    Args:
        values: [p, f].
        ones, others: what is usual for the first and for the second image of each pair, [p, f] or
            what broadcasts to it.
    """
    first = (values - ones.mean) / ones.deviation
    return (first + (values - others.mean) / others.deviation) / 2


def rows_of(cohort: Cohort, rows: np.ndarray) -> Cohort:
    """Return what is usual for some of the images."""
    return Cohort(cohort.mean[rows], cohort.deviation[rows])


def for_all(cohort: Cohort, images: int) -> Cohort:
    """Return what is usual for all images of a cohort together, for each of so many images."""
    mean = cohort.mean.mean(axis=0)
    deviation = np.sqrt((cohort.deviation**2).mean(axis=0) + cohort.mean.var(axis=0))
    return Cohort(np.tile(mean, (images, 1)), np.tile(deviation, (images, 1)))


def _sums(values: np.ndarray, owner: np.ndarray, images: int) -> np.ndarray:
    columns = [np.bincount(owner, column, images) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((images, 0))
