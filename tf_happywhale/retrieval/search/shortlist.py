"""The shortlist: images that may be among a query's best, by dot products that are a little off.

The gallery is sorted by label (an individual, say) and its labels are dealt into groups. The k-th
highest of the groups' best dot products is a floor under the k-th best label. Every image that may
reach that floor, given the engine's largest error, is kept, and no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

GROUPS = 256  # at least; with more groups the floor is higher, but the k-th best of more is sought
CROWD = 2**21  # pairs no better than the floor: a thousand images of each query of a full tile
WORST = -2.0  # below any cosine, whatever the rounding


class CrowdedError(Exception):
    """Error: more images than can be held may reach the floor, by the engine's dot products."""


@dataclass(frozen=True)
class Groups:
    """Consecutive rows of the gallery that count as one while the floor is found.

    Attributes:
        starts: first row of each group, int64 [g].
        labels: first row of each label, int64 [l].
        rows: number of rows in all.
    """

    starts: np.ndarray
    labels: np.ndarray
    rows: int

    def inside(self, start: int, stop: int) -> list[tuple[int, int, int]]:
        """Return (group, first row, end) of the groups' parts within these rows, counted from
        `start`."""
        first = int(np.searchsorted(self.starts, start, side="right")) - 1
        last = int(np.searchsorted(self.starts, stop, side="left"))
        ends = np.append(self.starts, self.rows)
        return [
            (group, max(int(ends[group]), start) - start, min(int(ends[group + 1]), stop) - start)
            for group in range(first, last)
        ]

    def heads(self, start: int, stop: int) -> np.ndarray:
        """Return where each label begins within these rows, counted from `start`; 0 for one that
        began before them."""
        first = int(np.searchsorted(self.labels, start, side="right")) - 1
        last = int(np.searchsorted(self.labels, stop, side="left"))
        return np.maximum(self.labels[first:last], start) - start


def make_groups(labels: np.ndarray, k: int) -> Groups:
    """Return groups of whole labels: `GROUPS` and 2k at least, or one for each label.

    Args:
        labels: int64 [m] in ascending order.
        k: labels that are looked for.
    """
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    labels_each = max(1, len(starts) // max(GROUPS, 2 * k))
    return Groups(starts[::labels_each], starts, len(labels))


@dataclass
class Shortlist:
    """The images that may be among the k best labels of b queries, as tiles of the gallery come.

    Attributes:
        k: labels that are looked for, at most as many as there are.
        groups: of the gallery's rows.
        best: best dot product of each group so far, float32 [g, b].
        floor: k-th best label's dot product within one of the first tiles, float32 [b].
        rounding: relative rounding of the dot products handed in.
        bound: the largest absolute error before that rounding, of all tiles so far.
        tiles: how many those are.
        lowest: `least()` as it was last looked for, which is still low enough.
    """

    k: int
    groups: Groups
    best: np.ndarray
    floor: np.ndarray
    rounding: float
    bound: float = 0.0
    tiles: int = 0
    lowest: np.ndarray | None = None
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)

    @classmethod
    def empty(cls, k: int, groups: Groups, queries: int, rounding: float) -> Shortlist:
        """Return the list before the first tile: every group is worse than any cosine."""
        best = np.full((len(groups.starts), queries), WORST, np.float32)
        return cls(k, groups, best, np.full(queries, WORST, np.float32), rounding)

    def add(self, dots: np.ndarray, start: int, bound: float) -> None:
        """Take in the dot products [rows, b] of the gallery's rows from `start` on: float32, or
        int16 that are the bits of bfloat16.

        Raises:
            CrowdedError: the list grows too long.
        """
        stale = bound > self.bound or self.lowest is None
        self.bound = max(self.bound, bound)
        keys = dots
        for group, first, end in self.groups.inside(start, start + len(dots)):
            highest = _values(keys[first:end].max(axis=0))
            np.maximum(self.best[group], highest, out=self.best[group])
        if (self.best > WORST).all(axis=1).sum() < self.k:  # the groups make no floor yet
            self._raise_floor(keys, self.groups.heads(start, start + len(dots)))
            stale = True
        self.tiles += 1
        if stale or self.tiles & (self.tiles - 1) == 0:  # the floor rises ever more slowly
            self.lowest = self.least()
            self.found = [self._above(part) for part in self.found]
            self._check_crowd()
        least = self.lowest
        if keys.dtype == np.int16 and (least > 0).all():
            # bfloat16 above zero are ordered as their bits; cutting bits off makes the floor lower
            reach = keys >= (least.view(np.uint32) >> 16).astype(np.int16)
        else:
            keys = _values(keys)
            reach = keys >= least
        places = _places(reach)
        rows, queries = np.divmod(places, dots.shape[1])
        self.found.append((rows + start, queries, _values(keys.reshape(-1)[places])))

    def _raise_floor(self, keys: np.ndarray, heads: np.ndarray) -> None:
        if len(heads) >= self.k:
            best = _values(np.maximum.reduceat(keys, heads, axis=0))
            kth = np.partition(best, -self.k, axis=0)[-self.k]
            self.floor = np.maximum(self.floor, kth)

    def _above(self, part: tuple) -> tuple:
        kept = part[2] >= self.lowest[part[1]]
        return tuple(column[kept] for column in part)

    def _check_crowd(self) -> None:
        if sum(len(part[0]) for part in self.found) <= CROWD:
            return
        kth = self._kth()  # all that is better is wanted
        if sum(int((dots <= kth[queries]).sum()) for _, queries, dots in self.found) > CROWD:
            raise CrowdedError

    def _kth(self) -> np.ndarray:
        """Return the floor: the highest dot product [b] that k labels are known to reach."""
        return np.maximum(np.partition(self.best, -self.k, axis=0)[-self.k], self.floor)

    def least(self) -> np.ndarray:
        """Return the dot product [b] float32 below which an image cannot be among the k best
        labels."""
        kth = self._kth()
        return self.reach(kth - self.bound - np.abs(kth) * self.rounding)

    def reach(self, floor: np.ndarray) -> np.ndarray:
        """Return the lowest dot products that may stand for exact ones of `floor`."""
        lowest = floor - self.bound
        return (lowest / (1 + np.copysign(self.rounding, lowest))).astype(np.float32)

    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return image, query and dot product of each pair on the list: int64, int64, float32
        [p]."""
        images, queries, dots = (np.concatenate(part) for part in zip(*self.found, strict=True))
        kept = dots >= self.least()[queries]
        return images[kept], queries[kept], dots[kept]


def _values(keys: np.ndarray) -> np.ndarray:
    """Return values as float32; int16 are the bits of bfloat16."""
    if keys.dtype != np.int16:
        return keys
    return (keys.view(np.uint16).astype(np.uint32) << 16).view(np.float32)


def _places(mask: np.ndarray) -> np.ndarray:
    """Return where a large mask [r, b] with few hits is true: places int64 in its flat form."""
    flat = np.ascontiguousarray(mask).reshape(-1)
    whole = len(flat) // 8 * 8
    words = np.flatnonzero(flat[:whole].view(np.uint64))  # eight at a time
    word, byte = np.nonzero(flat[:whole].reshape(-1, 8)[words])
    return np.concatenate([words[word] * 8 + byte, whole + np.flatnonzero(flat[whole:])])
