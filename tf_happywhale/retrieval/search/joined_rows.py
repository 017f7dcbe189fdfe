"""Embeddings of several models joined side by side, made when they are needed, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.lengths import squared_lengths, without_direction

TILE_ROWS = 64  # of all members side by side, read and scaled at a time: they fit in a cache
PAIRS = 256  # of rows, multiplied in float64 at a time


@dataclass(frozen=True)
class Stack:
    """n images as rows of length 1: members' embeddings, scaled and put side by side.

    The dot product of two rows is the cosine, for several members the mean of their cosines
    weighted by their shares. Only what is asked for is read, normalised and joined, so that the
    parts may be mapped from files.

    Attributes:
        parts: each member's embeddings [m, d] float32, as the model gives them.
        rows: for each member int64 [n], where each image stands among its embeddings.
        scales: for each member float64 [n], what each image's embedding is multiplied by.
    """

    parts: tuple[np.ndarray, ...]
    rows: tuple[np.ndarray, ...]
    scales: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.rows[0])

    @property
    def width(self) -> int:
        """Length d of a row."""
        return sum(self.widths)

    @property
    def widths(self) -> tuple[int, ...]:
        """Length of each member's embeddings."""
        return tuple(part.shape[1] for part in self.parts)

    def take(self, images: np.ndarray) -> Stack:
        """Return some of the images, by number."""
        return Stack(
            self.parts,
            tuple(rows[images] for rows in self.rows),
            tuple(scales[images] for scales in self.scales),
        )

    def tile(self, images: slice | np.ndarray) -> np.ndarray:
        """Return rows of length 1, float32 [b, d]."""
        mine = self.take(images)
        tile = np.empty((len(mine), self.width), np.float32)
        for first in range(0, len(mine), TILE_ROWS):
            some, start = slice(first, first + TILE_ROWS), 0
            for part, rows, scales in zip(mine.parts, mine.rows, mine.scales, strict=True):
                place = tile[some, start : start + part.shape[1]]
                scale = scales[some].astype(np.float32)[:, None]
                np.multiply(_rows_of(part, rows[some]), scale, out=place)
                start += part.shape[1]
        return tile

    def dot(self, images: np.ndarray, queries: Stack, asked: np.ndarray) -> np.ndarray:
        """Return cosines float64 [p] of pairs: image `images[n]` of this stack, `asked[n]` of
        `queries`.

        Every pair is summed in the same order, so that equal rows have equal cosines.
        """
        total = np.empty(len(images))
        for start in range(0, len(images), PAIRS):
            mine, theirs = images[start : start + PAIRS], asked[start : start + PAIRS]
            cosine = np.zeros(len(mine))
            for place, part in enumerate(self.parts):
                left = _rows_of(part, self.rows[place][mine]).astype(np.float64)
                right = _rows_of(queries.parts[place], queries.rows[place][theirs])
                right = right.astype(np.float64)
                scale = self.scales[place][mine] * queries.scales[place][theirs]
                cosine += np.einsum("ij,ij->i", left, right) * scale
            total[start : start + PAIRS] = cosine
        return total


@dataclass(frozen=True)
class Blend:
    """Gallery whose rows are moved towards their individuals' centres.

    For a query q, the highest `(1 − share)·cos(q, image) + share·cos(q, centre)` over an
    individual's images is the highest dot product with `(1 − share)·image + share·centre`: blending
    neighbours with the head's logits is a search among other rows.

    Attributes:
        images: the gallery.
        centres: for each of its images the centre of its individual.
        share: weight of the centres, 0 to 1.
    """

    images: Stack
    centres: Stack
    share: float

    def __len__(self) -> int:
        return len(self.images)

    @property
    def width(self) -> int:
        """Length d of a row."""
        return self.images.width

    @property
    def widths(self) -> tuple[int, ...]:
        """Length of each member's embeddings."""
        return self.images.widths

    def take(self, images: np.ndarray) -> Blend:
        """Return some of the images, by number."""
        return Blend(self.images.take(images), self.centres.take(images), self.share)

    def tile(self, images: slice | np.ndarray) -> np.ndarray:
        """Return rows float32 [b, d], of length 1 at most."""
        share = np.float32(self.share)
        return (1 - share) * self.images.tile(images) + share * self.centres.tile(images)

    def dot(self, images: np.ndarray, queries: Stack, asked: np.ndarray) -> np.ndarray:
        """Return blended scores float64 [p] of pairs, as `Stack.dot` does."""
        near, centre = (part.dot(images, queries, asked) for part in (self.images, self.centres))
        return (1 - self.share) * near + self.share * centre


def stack(
    parts: Sequence[np.ndarray],
    rows: Sequence[np.ndarray] | None = None,
    weights: Sequence[float] | None = None,
    *,
    lengths: bool = False,
    squares: Sequence[np.ndarray] | None = None,
) -> Stack:
    """Return members' embeddings as one stack.

    Args:
        parts: each [m, d].
        rows: for each part int64 [n], which of its rows are the n images; None: as they come.
        weights: each member's share of the score, in any unit; None: equal.
        lengths: keep the members' lengths, as the original notebook does: only the joined row gets
            length 1.
        squares: each part's `squared_lengths`, where they are known.

    Raises:
        InputError: a row is zero or not finite, so that it has no direction.
    """
    parts = tuple(np.asarray(part, np.float32) for part in parts)
    rows = tuple(np.arange(len(part)) for part in parts) if rows is None else tuple(rows)
    weights = np.ones(len(parts)) if weights is None else np.asarray(weights, np.float64)
    shares = weights / weights.sum()
    squares = map(squared_lengths, parts) if squares is None else squares
    squares = [square[place] for square, place in zip(squares, rows, strict=True)]
    for square in squares:
        _check_directions(square)
    if lengths:
        whole = [1 / np.sqrt(sum(squares))] * len(parts)
        return Stack(parts, rows, tuple(whole))
    scales = (np.sqrt(share / s) for share, s in zip(shares, squares, strict=True))
    return Stack(parts, rows, tuple(scales))


def _rows_of(part: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return some rows, by `take` if it need not copy the whole array first: it is faster."""
    whole = part.flags.c_contiguous and part.flags.aligned
    return part.take(rows, axis=0) if whole else np.ascontiguousarray(part[rows])


def _check_directions(squares: np.ndarray) -> None:
    broken = without_direction(squares)
    if broken is not None:
        row, what = broken
        raise InputError(
            f"The embedding in row {row} is {what}: the model that made it is broken; train it "
            "again."
        )
