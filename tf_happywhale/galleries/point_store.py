"""Local points of pictures, kept compactly, so that each picture is looked at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.npz import map_array
from tf_happywhale.galleries.numbered_arrays import NumberedArrays, damaged
from tf_happywhale.matching.local_points import LENGTH, LocalPoints

POINTS = "points"  # the kind, see `folder_of`
DIGITS = 24  # of a key: enough to tell pictures apart
STEPS = 64  # of a pixel: places are kept as whole numbers of them
HIGHEST = 127  # of a descriptor's numbers, which are kept as one byte each
ARRAYS = ("key", "count", "size", "xy", "score", "descriptor")


@dataclass(frozen=True)
class _Part:
    """The arrays of one file; `start` says where the points of each picture begin."""

    start: np.ndarray
    size: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    descriptor: np.ndarray


class PointStore:
    """The points of pictures in a folder of numbered files, by key.

    A point takes 134 bytes: two uint16 for its place, a float16 for its score, and 128 int8 for its
    descriptor. So 512 points of a picture take 69 KB. Descriptors are mapped from the files.

    Args:
        folder: of points that one network found, see `folder_of`.
    """

    def __init__(self, folder: Path) -> None:
        self.files = NumberedArrays(folder, POINTS, ARRAYS)
        self.parts: list[_Part] = []
        self.place: dict[str, tuple[int, int]] = {}
        for file in self.files.files():
            self._take_in(file)

    def __contains__(self, key: str) -> bool:
        return key in self.place

    def add(self, points: Mapping[str, LocalPoints]) -> None:
        """Write the points of pictures by key.

        Raises:
            InputError: another process has been writing to the folder for a minute.
        """
        if points:
            self._take_in(self.files.add(packed(points)))

    def get(self, key: str) -> LocalPoints:
        """Return the points of a picture that is there."""
        number, row = self.place[key]
        part = self.parts[number]
        mine = slice(part.start[row], part.start[row + 1])
        width, height = part.size[row].tolist()
        return unpacked(part.xy[mine], part.score[mine], part.descriptor[mine], (width, height))

    def _take_in(self, file: Path) -> None:
        arrays = self.files.read(file, but=("descriptor",))
        try:
            mapped = map_array(file, "descriptor", np.int8)
        except (ValueError, OSError) as error:
            raise damaged(file, error) from None
        descriptor = np.zeros((0, LENGTH), np.int8) if mapped is None else mapped
        start = np.concatenate([[0], np.cumsum(arrays["count"], dtype=np.int64)])
        if not start[-1] == len(arrays["xy"]) == len(arrays["score"]) == len(descriptor):
            raise damaged(file, ValueError("other points than it counts"))
        for row, key in enumerate(arrays["key"].tolist()):
            self.place[key] = (len(self.parts), row)
        self.parts.append(_Part(start, arrays["size"], arrays["xy"], arrays["score"], descriptor))


def point_key(content: str, box: str) -> str:
    """Return the key of a crop: a digest of what it shows.

    Args:
        content: SHA-256 of the photograph.
        box: as text, see `box_text`; empty: the whole picture. Its source does not count.
    """
    return digest([content, box.rsplit(" ", 4)[1:]])[:DIGITS]


def packed(points: Mapping[str, LocalPoints]) -> dict[str, np.ndarray]:
    """Return the arrays of a file of points by key: `count` uint32 and `size` uint16 [n, 2] of each
    picture, and `xy` uint16 [t, 2], `score` float16 [t] and `descriptor` int8 [t, 128] of all
    points.

    A descriptor is scaled so that its largest number is 127, since only its direction counts.
    """
    each: Sequence[LocalPoints] = list(points.values())
    descriptor = np.concatenate([one.descriptor for one in each])
    largest = np.abs(descriptor).max(axis=1, initial=1e-12, keepdims=True)
    return {
        "key": np.array(list(points), np.str_),
        "count": np.array([len(one) for one in each], np.uint32),
        "size": np.array([one.size for one in each], np.uint16),
        "xy": _whole(np.concatenate([one.xy for one in each]) * STEPS, np.uint16),
        "score": np.concatenate([one.score for one in each]).astype(np.float16),
        "descriptor": _whole(descriptor / largest * HIGHEST, np.int8),
    }


def unpacked(
    xy: np.ndarray, score: np.ndarray, descriptor: np.ndarray, size: tuple[int, int]
) -> LocalPoints:
    """Return the points that were packed, with descriptors of length 1."""
    long = descriptor.astype(np.float32)
    long /= np.maximum(np.linalg.norm(long, axis=1, keepdims=True), 1e-12)
    return LocalPoints(xy.astype(np.float32) / STEPS, long, score.astype(np.float32), size)


def copy_points(keys: Iterable[str], source: PointStore, target: PointStore) -> None:
    """Add points that one store has and another lacks to the other."""
    wanted = dict.fromkeys(key for key in keys if key in source and key not in target)
    target.add({key: source.get(key) for key in wanted})


def _whole(numbers: np.ndarray, dtype: type) -> np.ndarray:
    limits = np.iinfo(dtype)
    return np.clip(np.rint(numbers), limits.min, limits.max).astype(dtype)
