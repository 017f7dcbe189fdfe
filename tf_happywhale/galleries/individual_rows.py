"""Which images show which individual, in a file that is mapped; later corrections are laid over it.

The ids of millions of images are neither read nor sorted when a question is asked: they are sorted
once, and a question looks up the few that it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tf_happywhale.disk.npz import map_array, write_npz
from tf_happywhale.galleries.changes import REMOVED, Change, names_after
from tf_happywhale.galleries.mapped_parts import MappedParts

ARRAYS = ("ids", "who", "order", "starts")
CELLS = 2**16  # names read at a time


@dataclass
class IndividualRows:
    """The individuals in images `first` to `end` of a gallery's files.

    Attributes:
        first, end: the images.
        ids: str [c], the individuals, sorted.
        who: int32 [n], the number of the individual in each image.
        order: int32 [n], the images by individual, counted from `first`.
        starts: int64 [c + 1], where the images of each individual begin in `order`.
        renamed: the ids of individuals that were corrected later, by number.
        moved: the ids of images that were corrected later, by image, counted from `first`.
    """

    first: int
    end: int
    ids: np.ndarray
    who: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    renamed: dict[int, str] = field(default_factory=dict)
    moved: dict[int, str] = field(default_factory=dict)

    def names(self, rows: np.ndarray) -> np.ndarray:
        """Return who is in some images of the gallery, str [n]; REMOVED where one was taken out."""
        places = rows - self.first
        numbers = np.asarray(self.who[places])
        found = np.asarray(self.ids[numbers]).tolist()
        if self.renamed or self.moved:
            for n, (place, number) in enumerate(
                zip(places.tolist(), numbers.tolist(), strict=True)
            ):
                found[n] = self.moved.get(place, self.renamed.get(number, found[n]))
        return np.array(found, np.str_)

    def rows_of(self, individual_ids: Sequence[str]) -> np.ndarray:
        """Return the images of some individuals, int64 [n] in no order."""
        asked = set(individual_ids)
        numbers = self._numbers(asked)
        starts, ends = self.starts[numbers], self.starts[numbers + 1]
        counts = ends - starts
        ramp = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.asarray(self.order[np.repeat(starts, counts) + ramp]).astype(np.int64)
        if self.moved:
            there = [place for place in places.tolist() if place not in self.moved]
            there += [place for place, name in self.moved.items() if name in asked]
            places = np.array(there, np.int64)
        return places + self.first

    def correct(self, changes: Sequence[Change], parts: MappedParts) -> None:
        """Lay corrections over the file that were made after it was written.

        Args:
            changes: in their order. Each holds for all of these images, since it was made later.
            parts: the gallery's files, in which images are looked up by name.
        """
        places = self._places({change.image for change in changes if change.image}, parts)
        for change in changes:
            to = REMOVED if change.verb == "remove" else change.to
            if change.image:
                meant = [p for p in places.get(change.image, ()) if self._name(p) != REMOVED]
                self.moved |= dict.fromkeys(meant, to)
                continue
            numbers = self._numbers({change.individual_id}).tolist()
            moved = [p for p, name in self.moved.items() if name == change.individual_id]
            self.renamed |= dict.fromkeys(numbers, to)
            self.moved |= dict.fromkeys(moved, to)

    def _name(self, place: int) -> str:
        return str(self.names(np.array([place + self.first]))[0])

    def _numbers(self, individual_ids: set[str]) -> np.ndarray:
        """Return the numbers of individuals, int64 [n]: their own, and of those that were merged
        into them."""
        asked = np.array(sorted(individual_ids), np.str_)
        # as wide as `ids`, which would otherwise be copied; what is cut off is unequal below
        places = np.searchsorted(self.ids, asked.astype(self.ids.dtype))
        places = np.minimum(places, len(self.ids) - 1)
        own = places[np.asarray(self.ids[places]) == asked].tolist()
        merged = [number for number, name in self.renamed.items() if name in individual_ids]
        return np.array([n for n in own if n not in self.renamed] + merged, np.int64)

    def _places(self, images: set[str], parts: MappedParts) -> dict[str, list[int]]:
        """Return where images of these names are, counted from `first`."""
        found: dict[str, list[int]] = {}
        for number, span in parts.spans(self.first, self.end) if images else ():
            names, begin = parts.parts[number].arrays["image"], parts.starts[number] - self.first
            for start in range(span.start, span.stop, CELLS):
                block = names[start : min(start + CELLS, span.stop)].tolist()
                for place, name in enumerate(block, start=int(begin) + start):
                    if name in images:
                        found.setdefault(name, []).append(place)
        return found


def individual_rows(
    parts: MappedParts, changes: Sequence[Change], first: int, end: int
) -> IndividualRows:
    """Return the individuals in images `first` to `end` after the corrections."""
    names = [
        names_after(arrays["image"][span], arrays["individual_id"][span], number, changes)
        for number, span in parts.spans(first, end)
        for arrays in [parts.parts[number].arrays]
    ]
    ids, who = np.unique(np.concatenate([np.zeros(0, "U1"), *names]), return_inverse=True)
    order = np.argsort(who, kind="stable")
    starts = np.searchsorted(who[order], np.arange(len(ids) + 1))
    who, order = who.astype(np.int32), order.astype(np.int32)
    return IndividualRows(first, end, ids, who, order, starts)


def save_rows(file: Path, rows: IndividualRows) -> None:
    """Write what `individual_rows` found, whole or not at all."""
    write_npz(file, {name: getattr(rows, name) for name in ARRAYS})


def map_rows(file: Path, first: int, end: int) -> IndividualRows:
    """Return what `save_rows` wrote, mapped.

    Raises:
        ValueError, KeyError, OSError, BadZipFile: it is damaged, or of other images.
    """
    arrays = {name: map_array(file, name) for name in ARRAYS}
    if any(array is None for array in arrays.values()):
        raise ValueError("an array cannot be mapped")
    if len(arrays["who"]) != end - first or len(arrays["starts"]) != len(arrays["ids"]) + 1:
        raise ValueError("of other images")
    return IndividualRows(first, end, **arrays)
