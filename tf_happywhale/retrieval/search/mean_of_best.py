"""Search by the mean over an individual's best images, instead of its best image alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tf_happywhale.retrieval.search.exact import ROUNDING, Neighbours, rank_labels
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack

START = 8  # at first this many times the number of labels wanted is looked at


def mean_of_best(
    queries: Stack,
    gallery: Stack | Blend,
    labels: np.ndarray,
    k: int,
    best_of: int,
    search: Callable[[Stack, int], Neighbours],
) -> Neighbours:
    """Return the k labels with the highest mean over their `best_of` best images, or all they have.

    The mean is never above the best image. So the labels with the best images are scored; when the
    k-th mean is above the last of those best images, no other label can come before the k-th.
    Otherwise more labels are looked at.

    Args:
        queries: n rows.
        gallery: m rows.
        labels: int64 [m] from 0 on, without gaps.
        k: number of labels of each query.
        best_of: images of each label.
        search: the `count` labels with the best image of each query.
    """
    count = int(labels.max()) + 1
    k, look = min(k, count), min(START * k, count)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(count + 1))
    label, image = np.zeros((2, len(queries), k), np.int64)
    score = np.zeros((len(queries), k))
    open_rows = np.arange(len(queries))
    while len(open_rows):
        asked = queries.take(open_rows)
        found = search(asked, look)
        means = np.stack(
            [
                _means(asked, gallery, n, row, order, starts, best_of)
                for n, row in enumerate(found.label)
            ]
        )
        place = rank_labels(means, found.label, k)
        best = np.take_along_axis(means, place, 1)
        label[open_rows] = np.take_along_axis(found.label, place, 1)
        image[open_rows] = np.take_along_axis(found.image, place, 1)
        score[open_rows] = best
        sure = (best[:, -1] > found.score[:, -1] + ROUNDING) | (look == count)
        open_rows, look = open_rows[~sure], min(4 * look, count)
    return Neighbours(label, score, image)


def _means(
    queries: Stack,
    gallery: Stack | Blend,
    query: int,
    labels: np.ndarray,
    order: np.ndarray,
    starts: np.ndarray,
    best_of: int,
) -> np.ndarray:
    """Means float64 [l] of one query for some labels; their images are `order[starts[l]:…]`."""
    images = [order[starts[label] : starts[label + 1]] for label in labels]
    rows = np.concatenate(images)
    cosine = gallery.dot(rows, queries, np.full(len(rows), query))
    parts = np.split(cosine, np.cumsum([len(part) for part in images])[:-1])
    return np.array([np.sort(part)[-best_of:].mean() for part in parts])
