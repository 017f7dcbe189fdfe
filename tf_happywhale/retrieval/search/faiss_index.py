"""faiss' indexes: flat, an inverted file, or a graph, and how much of the truth they find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.exact import nearest, spans
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack

ROWS = 1024  # added at a time
FLAT = 10_000_000  # a larger gallery is not searched exactly unless that is asked for
RECALL_ENOUGH = 0.99  # of the true neighbours; an inexact index looks further until it finds them
TRIED, RECALL_AT = 100, 50  # images, and neighbours of each, that an inexact index is tried on
LISTS = 4  # times the square root of the images, of an inverted file
LEARN = 40  # images a list, from which its centre is learned
LINKS, BUILD = 32, 200  # of an image in the graph, and candidates among which they are chosen
FEW = 8  # lists, and
NEAR = 64  # candidates, that are looked through at first

ImageSearch = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def make_search(gallery: Stack | Blend, kind: str) -> ImageSearch:
    """The gallery in an index of faiss, as a function from queries' rows [b, d] and a count to the
    scores [b, count] and images [b, count] that it finds, best first; −1 where it finds none.

    An inexact index looks further until it finds `RECALL_ENOUGH` of the true neighbours of some of
    the gallery's images, which are put in after the others; how far it looks, and how many it
    finds, is printed.

    Args:
        gallery: m rows.
        kind: `flat` (exact), `ivf` (an inverted file: Sivic and Zisserman 2003), `hnsw` (a graph:
            Malkov and Yashunin 2018), or `auto`: flat up to ten million images, then an inverted
            file.

    Raises:
        InputError: faiss is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise InputError(
            "rank.engine=faiss needs faiss: pip install 'tf-happywhale[faiss]'."
        ) from None
    if kind == "auto":
        kind = "ivf" if len(gallery) > FLAT else "flat"
    if kind == "flat":
        index = faiss.IndexFlatIP(gallery.width)
        _add(index, gallery)
        return index.search
    rng = np.random.default_rng(0)
    order = rng.permutation(len(gallery))
    tried, rest = np.split(order, [min(TRIED, len(order) // 2)])
    first, last = gallery.take(rest), gallery.take(tried)
    if kind == "ivf":
        lists = min(int(LISTS * np.sqrt(len(rest))), len(rest))
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(gallery.width), gallery.width, lists, faiss.METRIC_INNER_PRODUCT
        )
        index.train(first.tile(slice(0, LEARN * lists)))
        set_reach, least, most = _lists_of(index), FEW, lists
    else:
        index = faiss.IndexHNSWFlat(gallery.width, LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD
        set_reach, least, most = _candidates_of(index), NEAR, len(order)
    _add(index, first)
    reach, found = _widen(index.search, set_reach, least, most, first, last)
    _add(index, last)
    what = "lists" if kind == "ivf" else "images"
    print(
        f"faiss: {reach} of {most} {what} are looked through; of the {RECALL_AT} images nearest to "
        f"{len(tried)} others it finds {found:.1%}"
    )
    order = np.concatenate([rest, tried])

    def search(queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        scores, images = index.search(queries, count)
        return scores, np.where(images < 0, -1, order[images])

    return search


def _add(index: Any, rows: Stack | Blend) -> None:
    for start, stop in spans(0, len(rows), ROWS):
        index.add(rows.tile(slice(start, stop)))


def _lists_of(index: Any) -> Callable[[int], None]:
    def set_reach(lists: int) -> None:
        index.nprobe = lists

    return set_reach


def _candidates_of(index: Any) -> Callable[[int], None]:
    def set_reach(candidates: int) -> None:
        index.hnsw.efSearch = candidates

    return set_reach


def _widen(
    search: ImageSearch,
    set_reach: Callable[[int], None],
    least: int,
    most: int,
    gallery: Stack | Blend,
    queries: Stack | Blend,
) -> tuple[int, float]:
    """How far an index has to look to find enough, and how much that is."""
    queries = queries.images if isinstance(queries, Blend) else queries
    true = nearest(queries, gallery, np.arange(len(gallery)), RECALL_AT, engine="auto").image
    rows, reach = queries.tile(slice(None)), min(least, most)
    set_reach(reach)
    while (found := recall(search, rows, true)) < RECALL_ENOUGH and reach < most:
        reach = min(2 * reach, most)
        set_reach(reach)
    return reach, found


def recall(search: ImageSearch, rows: np.ndarray, true: np.ndarray) -> float:
    """Share of the true neighbours int64 [q, k] of some rows [q, d] that a search finds."""
    if not true.size:
        return 1.0
    _, found = search(rows, true.shape[1])
    both = [
        len(set(one) & set(other)) for one, other in zip(true.tolist(), found.tolist(), strict=True)
    ]
    return sum(both) / true.size
