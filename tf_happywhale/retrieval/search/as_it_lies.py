"""Dot products of few queries with a gallery that is read once, as it lies.

A tile of the gallery in the order of its labels is gathered from all over its file and scaled: as
much work for one query as for two thousand. Here the rows are multiplied where they lie. Only the
dot products are scaled and put in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.search.dot_products import Operand, error_bound
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack

ROOM = 2**28  # bytes of dot products at a time
ROWS = 2**14  # multiplied at a time
MOST = 128  # queries; with more, tiles are as fast
READS = 4  # of the whole gallery, for all queries; if it takes more, tiles are faster
SMALLEST = 2.0**-126  # float32 numbers below may count as zero


@dataclass(frozen=True)
class Term:
    """One member's share of the dot products of m images with b queries.

    Attributes:
        dots: float32 [p, b], of the member's p embeddings, as the model gives them.
        rows: int64 [m], where each image stands among them.
        scales: float64 [m], what each image's dot products are multiplied by.
        lost: how far one may be from the exact one, after scaling, because float32 has no smaller
            numbers.
    """

    dots: np.ndarray
    rows: np.ndarray
    scales: np.ndarray
    lost: float

    def tile(self, images: slice) -> np.ndarray:
        """Return the share of some images, float32 [i, b]."""
        dots = self.dots.take(self.rows[images], axis=0)
        dots *= self.scales[images].astype(np.float32)[:, None]
        return dots


@dataclass(frozen=True)
class Dots:
    """Dot products of m images with b queries.

    Attributes:
        terms: what they are the sum of.
        bound: how far one may be from the exact one.
    """

    terms: tuple[Term, ...]
    bound: float

    def tile(self, images: slice) -> np.ndarray:
        """Return those of some images, float32 [i, b]."""
        first, *others = self.terms
        dots = first.tile(images)
        for term in others:
            dots += term.tile(images)
        return dots


def queries_together(gallery: Stack | Blend, queries: int, memory: int) -> int:
    """Return how many of the queries are multiplied with the gallery at a time, so that their dot
    products fit in `ROOM`, and in `memory` bytes. 0: tiles of the gallery are the better way, since
    there are many queries, or most embeddings are not of the gallery."""
    sizes = [len(part) for rows in _stacks(gallery) for part in rows.parts]
    together = min(ROOM, memory) // (4 * sum(sizes))
    fine = queries <= min(MOST, READS * together) and max(sizes) <= 2 * len(gallery)
    return together if fine else 0


def multiply(gallery: Stack | Blend, queries: Stack) -> Dots:
    """Return all dot products of a gallery with b queries.

    The exact one is the sum of s·(g·q) over the terms, where g is an embedding, s its scale, and q
    the query's part, scaled. Each term is rounded as a sum of its width, twice for q, once for s,
    and once as s is multiplied. So it is off by (its width + 4)·2⁻²⁴·s·|g|·|q| at most. The sum of
    s·|g|·|q| over the terms is 1 at most, and adding the terms rounds less than once for each. That
    is `error_bound` for a width that is larger by the number of terms. Beyond it, each number of g,
    product and partial sum may lose 2⁻¹²⁶, since g is not scaled before: 3·2⁻¹²⁶ for each of the
    term's width, times s. `error_bound` takes it as the difference of a row (`Operand.off`).
    """
    asked = queries.tile(slice(None))
    terms = tuple(_terms(gallery, asked))
    lost = sum(term.lost for term in terms)
    width = gallery.width + len(terms)
    return Dots(terms, error_bound(Operand(None, lost), Operand(asked, 0.0), width))


def _stacks(gallery: Stack | Blend) -> tuple[Stack, ...]:
    return (gallery.images, gallery.centres) if isinstance(gallery, Blend) else (gallery,)


def _terms(gallery: Stack | Blend, asked: np.ndarray) -> Iterator[Term]:
    shares = (1 - gallery.share, gallery.share) if isinstance(gallery, Blend) else (1.0,)
    for share, stack in zip(shares, _stacks(gallery), strict=True):
        start = 0
        for part, rows, scales in zip(stack.parts, stack.rows, stack.scales, strict=True):
            stop = start + part.shape[1]
            dots, scales = _multiply(part, asked[:, start:stop]), share * scales
            lost = 3 * SMALLEST * part.shape[1] * float(scales.max())
            yield Term(dots, rows, scales, lost)
            start = stop


def _multiply(part: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return dot products float32 [p, b] of embeddings [p, d] and queries [b, d]."""
    dots, turned = np.empty((len(part), len(asked)), np.float32), np.ascontiguousarray(asked).T
    with np.errstate(all="ignore"):  # what is not of the gallery may be anything
        for first in range(0, len(part), ROWS):
            some = slice(first, first + ROWS)
            np.matmul(part[some], turned, out=dots[some])
    return dots
