"""The index of a large gallery: it finds the individuals that a query may show without a look at
every image.

It lies in the gallery's folder `index/`. Images are divided into segments, each with a file of
compressed embeddings and one of who is in them. Images that were added later are no segment yet:
each of them is compared. Corrections count at once. What the index proposes is compared by the
embeddings themselves, with all images of the individuals, so that a score is exact, and only an
individual may be missed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.galleries.changes import REMOVED, load_changes
from tf_happywhale.galleries.index_head import FOLDER, OTHER_FILES, Head, fits, read_head
from tf_happywhale.galleries.individual_rows import IndividualRows, individual_rows, map_rows
from tf_happywhale.galleries.mapped_parts import MappedParts, map_parts
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.lengths import unit_rows
from tf_happywhale.retrieval.search.approximate import near, open_index

IMAGES = 500  # that each segment proposes for a query: hardly an individual has more
INDIVIDUALS = 50  # of each query that are compared by all their images
TIMES = 4  # so many times the individuals that are asked for, where that is more than those
TOGETHER = 64  # queries looked up at a time
ROWS = 2**13  # images that are compared at a time where there is no index


@dataclass(frozen=True)
class Block:
    """Some images that follow one another.

    Attributes:
        rows: who is in them.
        index: None: they are in no segment, and all are compared.
    """

    rows: IndividualRows
    index: Any = None


@dataclass(frozen=True)
class SearchIndex:
    """A gallery that is opened to be searched by its index.

    Attributes:
        folder: of the gallery.
        parts: its files.
        head: what the index says of itself.
        blocks: all images: the segments, and what was added after them.
    """

    folder: Path
    parts: MappedParts
    head: Head
    blocks: Sequence[Block]

    @property
    def images(self) -> int:
        """How many images the gallery's files have; those that were taken out are among them."""
        return len(self.parts)

    @property
    def waiting(self) -> int:
        """How many of them are in no segment."""
        return self.images - self.head.end

    def shortlist(self, queries: np.ndarray, k: int) -> Embeddings:
        """Return all images of the individuals that queries may show, in the gallery's order.

        Args:
            queries: embeddings float32 [n, d].
            k: how many individuals each query is asked for.
        """
        names = sorted(set().union(*self.individuals(queries, k, self.head.probes)))
        rows = np.sort(np.concatenate([block.rows.rows_of(names) for block in self.blocks]))
        return self.parts.take(rows, self.names(rows))

    def individuals(
        self, queries: np.ndarray, k: int, probes: int, without: np.ndarray | None = None
    ) -> list[list[str]]:
        """Return the individuals that each query may show, best first.

        Args:
            queries: embeddings float32 [n, d].
            k: how many individuals each query is asked for.
            probes: lists that are looked at.
            without: int64 [n], an image that each query is not compared with; None: none.
        """
        without = np.full(len(queries), -1) if without is None else without
        found: list[list[str]] = []
        for start in range(0, len(queries), TOGETHER):
            some = slice(start, start + TOGETHER)
            asked, count = unit_rows(queries[some]), max(IMAGES, TIMES * k)
            found += self._individuals(asked, k, count, probes, without[some])
        return found

    def names(self, rows: np.ndarray) -> np.ndarray:
        """Return who is in some images, str [n]; REMOVED where one was taken out.

        Args:
            rows: int64 [n], the images, ascending.
        """
        cuts = np.searchsorted(rows, [block.rows.end for block in self.blocks])
        pieces = np.split(rows, cuts[:-1])
        found = [b.rows.names(piece) for b, piece in zip(self.blocks, pieces, strict=True)]
        return np.concatenate(found)

    def _individuals(
        self, queries: np.ndarray, k: int, count: int, probes: int, without: np.ndarray
    ) -> list[list[str]]:
        """Do what `individuals` does for a few queries of length 1, by `count` images of each
        block; by more where these show fewer than k individuals."""
        found = np.concatenate([self._proposed(b, queries, count, probes) for b in self.blocks], 1)
        found[found == without[:, None]] = -1
        rows = np.unique(found[found >= 0])
        names = self.names(rows)
        cosine = queries @ unit_rows(self.parts.rows(rows)).T
        answers, again = [], []
        for n, own in enumerate(found):
            places = np.searchsorted(rows, own[own >= 0])
            places = places[names[places] != REMOVED]
            best = dict.fromkeys(names[places[np.argsort(-cosine[n, places])]].tolist())
            answers.append(list(best)[: max(INDIVIDUALS, TIMES * k)])
            if len(best) < k and count < self.images:
                again.append(n)  # a few individuals have all of these images
        if again:
            more = self._individuals(queries[again], k, 4 * count, probes, without[again])
            for n, answer in zip(again, more, strict=True):
                answers[n] = answer
        return answers

    def _proposed(self, block: Block, queries: np.ndarray, count: int, probes: int) -> np.ndarray:
        """Return images of a block for each query, int64 [b, c]; −1 in places that are not
        filled."""
        first, end = block.rows.first, block.rows.end
        if block.index is None or end - first <= count:
            return best_images(self.parts, first, end, queries, count)
        places = near(block.index, queries, count, probes)
        return np.where(places >= 0, places + first, -1)


def best_images(
    parts: MappedParts, first: int, end: int, queries: np.ndarray, count: int
) -> np.ndarray:
    """Return the images from `first` to `end` with the highest cosines, int64 [n, count] in no
    order; all of them if they are fewer.

    Args:
        parts: a gallery's files.
        queries: float32 [n, d] of length 1.
    """
    best, rows = np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), np.int64)
    for start in range(first, end, ROWS):
        stop = min(start + ROWS, end)
        cosine = queries @ unit_rows(parts.embeddings(start, stop)).T
        best = np.concatenate([best, cosine], axis=1)
        rows = np.hstack([rows, np.broadcast_to(np.arange(start, stop), cosine.shape)])
        if best.shape[1] > count:
            kept = np.argpartition(-best, count - 1, axis=1)[:, :count]
            best, rows = (np.take_along_axis(part, kept, 1) for part in (best, rows))
    return rows


def open_search_index(folder: Path) -> SearchIndex:
    """Return a gallery that is searched by its index.

    Raises:
        InputError: there is none, it is unfinished or damaged, it is of other files than the
            gallery's, or faiss is not installed.
    """
    folder = Path(folder)
    head = read_head(folder)
    if head is None:
        raise InputError(f"The gallery {folder} has no index: run `gallery index {folder}`.")
    if not head.recall:
        raise InputError(f"The index of {folder} is unfinished: run `gallery index {folder}`.")
    parts = map_parts(folder)
    if not fits(head, parts):
        raise InputError(OTHER_FILES.format(folder=folder))
    return open_blocks(folder, parts, head)


def open_blocks(folder: Path, parts: MappedParts, head: Head) -> SearchIndex:
    """Return what `open_search_index` does, by a head that was read."""
    changes, blocks = load_changes(folder), []
    home = folder / FOLDER
    for number, (first, end, known) in enumerate(head.segments):
        file = home / head.rows_of(number)
        try:
            rows = map_rows(file, first, end)
        except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{file} is damaged ({error}): remove its folder, and run `gallery index` again."
            ) from None
        rows.correct(changes[known:], parts)
        blocks.append(Block(rows, open_index(home / head.lists_of(number))))
    if head.end < len(parts):
        blocks.append(Block(individual_rows(parts, changes, head.end, len(parts))))
    return SearchIndex(folder, parts, head, blocks)
