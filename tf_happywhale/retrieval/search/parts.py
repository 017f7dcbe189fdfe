"""A search in parts: some of the queries among some of the gallery, and the best of all parts.

The parts of a search depend on its size alone, not on who does them. So parts that are done stay
done if the rest is done later, or by another number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product
from pathlib import Path

import numpy as np

from tf_happywhale.disk.npz import write_npz
from tf_happywhale.retrieval.search.exact import DECIMALS, Neighbours, nearest, rank_labels, spans
from tf_happywhale.retrieval.search.stored_search import StoredSearch, open_search

QUERIES = 8192  # of a part
NUMBERS = 2**26  # of a part of the gallery: a quarter of a gibibyte
IMAGES = 16384  # of a part of the gallery, at least
NOBODY = np.iinfo(np.int64).max  # a label behind all others


@dataclass(frozen=True)
class SearchPart:
    """Some of the queries of a stored search, among some of its gallery.

    Attributes:
        folder: of the search, see `store_search`.
        queries: the first row and the end.
        gallery: the first row and the end.
    """

    folder: Path
    queries: tuple[int, int]
    gallery: tuple[int, int]

    @property
    def file(self) -> Path:
        """The file of its result."""
        return self.folder / f"q{self.queries[0]}-g{self.gallery[0]}.npz"


def parts_of(folder: Path, search: StoredSearch) -> list[SearchPart]:
    """Return the parts of a search; those of the same queries follow one another."""
    images = max(IMAGES, NUMBERS // search.gallery.width)
    asked = spans(0, len(search.queries), QUERIES)
    known = spans(0, len(search.gallery), images)
    return [SearchPart(folder, *place) for place in product(asked, known)]


def do_part(part: SearchPart) -> None:
    """Search a part, and write its file."""
    search = open_search(part.folder)
    asked, known = slice(*part.queries), slice(*part.gallery)
    found = nearest(
        search.queries.take(asked),
        search.gallery.take(known),
        search.labels[known],
        **search.settings,
    )
    image = found.image + part.gallery[0]
    write_npz(part.file, {"label": found.label, "score": found.score, "image": image})


def read_part(part: SearchPart) -> Neighbours:
    """Return what `do_part` wrote."""
    with np.load(part.file, allow_pickle=False) as found:
        return Neighbours(found["label"], found["score"], found["image"])


def join_parts(parts: list[SearchPart], k: int) -> Neighbours:
    """Return the result of the whole search from the files of all its parts."""
    blocks: dict[tuple[int, int], list[SearchPart]] = {}
    for part in parts:
        blocks.setdefault(part.queries, []).append(part)
    joined = [
        reduce(lambda one, other: merge(one, other, k), map(read_part, block))
        for block in blocks.values()
    ]
    columns = ("label", "score", "image")
    return Neighbours(*(np.concatenate([getattr(j, name) for j in joined]) for name in columns))


def merge(one: Neighbours, other: Neighbours, k: int) -> Neighbours:
    """Return the k best labels of each query in two parts of the gallery; fewer if both name fewer.

    A label's score is its best image's in either part, as `nearest` finds it in the whole: equal
    scores in the order of the labels, and of one label's images the first.
    """
    label, score, image = (
        np.concatenate([getattr(one, name), getattr(other, name)], axis=1)
        for name in ("label", "score", "image")
    )
    order = np.lexsort([image, -np.round(score, DECIMALS), label], axis=1)
    label, score, image = (np.take_along_axis(column, order, 1) for column in (label, score, image))
    again = np.zeros(label.shape, bool)  # a label that the other part names with a better image
    again[:, 1:] = label[:, 1:] == label[:, :-1]
    kept = min(k, int((~again).sum(axis=1).min(initial=label.shape[1])))
    best = rank_labels(np.where(again, -np.inf, score), np.where(again, NOBODY, label), kept)
    return Neighbours(*(np.take_along_axis(column, best, 1) for column in (label, score, image)))
