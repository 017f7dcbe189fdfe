"""The same search by a library's image neighbours: scikit-learn, the reference, and faiss."""

from __future__ import annotations

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.exact import Neighbours, nearest, rank_labels, spans
from tf_happywhale.retrieval.search.faiss_index import ImageSearch, make_search
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack

QUERY_ROWS = 1024
START = 64  # images asked for at first


def nearest_by_library(
    queries: Stack,
    gallery: Stack | Blend,
    labels: np.ndarray,
    k: int,
    engine: str,
    index: str = "auto",
) -> Neighbours:
    """The k labels with the best image of each query, by images nearest first.

    When k labels are among the nearest images, and the last of those images is less alike than the
    k-th label's, nobody is missing; otherwise four times as many images are asked for. A query for
    which an inexact index has no more images to name, but not k labels, is searched exactly.
    Scores are the library's, in float32.

    Args:
        queries: n rows of length 1.
        gallery: m rows; `sklearn` wants them of length 1.
        labels: int64 [m].
        k: labels a query; fewer come back if there are fewer.
        engine: `sklearn` or `faiss`.
        index: of faiss, see `make_search`.
    """
    k = min(k, len(np.unique(labels)))
    search = _sklearn(gallery) if engine == "sklearn" else make_search(gallery, index)
    parts = [(np.zeros((0, k), np.int64), np.zeros((0, k)), np.zeros((0, k), np.int64))]
    for start, stop in spans(0, len(queries), QUERY_ROWS):
        tile = queries.tile(slice(start, stop))
        found = [np.zeros((stop - start, k), kind) for kind in (np.int64, float, np.int64)]
        open_rows, look = np.arange(stop - start), min(max(START, 4 * k), len(gallery))
        while len(open_rows):
            scores, images = search(tile[open_rows], look)
            sure, exhausted = np.zeros((2, len(open_rows)), bool)
            last = look == len(gallery)
            for n, row in enumerate(open_rows):
                there = images[n] >= 0  # an inexact index fills up with -1 what it has not found
                seen, score = images[n, there], scores[n, there]
                place = _first_of_each(labels[seen], score, k)
                exhausted[n] = last or not there.all()
                sure[n] = len(place) == k and (exhausted[n] or score[place[-1]] > score[-1])
                if sure[n]:
                    found[0][row], found[1][row] = labels[seen[place]], score[place]
                    found[2][row] = seen[place]
            rest = open_rows[exhausted & ~sure]
            if len(rest):
                exact = nearest(queries.take(start + rest), gallery, labels, k, engine="auto")
                found[0][rest], found[1][rest] = exact.label, exact.score
                found[2][rest] = exact.image
            open_rows = open_rows[~(exhausted | sure)]
            look = min(4 * look, len(gallery))
        parts.append(tuple(found))
    return Neighbours(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _first_of_each(labels: np.ndarray, scores: np.ndarray, k: int) -> np.ndarray:
    """Places of the k best labels' best images, the images being sorted by score."""
    named, first = np.unique(labels, return_index=True)
    return first[rank_labels(scores[first][None], named[None], k)[0]]


def _sklearn(gallery: Stack | Blend) -> ImageSearch:
    from sklearn.neighbors import NearestNeighbors

    if isinstance(gallery, Blend):
        raise InputError("rank.engine=sklearn knows no centres: set rank.centre_share=0.")
    neighbours = NearestNeighbors(metric="cosine", algorithm="brute").fit(gallery.tile(slice(None)))

    def search(queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        distances, images = neighbours.kneighbors(queries, count)
        return 1 - distances, images

    return search
