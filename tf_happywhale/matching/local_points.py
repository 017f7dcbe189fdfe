"""Local points of a picture: places with descriptors, which a matcher compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LENGTH = 128  # numbers of a descriptor


@dataclass(frozen=True)
class LocalPoints:
    """The p points of one picture.

    Attributes:
        xy: float32 [p, 2], x and y in pixels of the picture that was looked at.
        descriptor: float32 [p, 128], unit length.
        score: float32 [p], the detector's.
        size: width and height of that picture.
    """

    xy: np.ndarray
    descriptor: np.ndarray
    score: np.ndarray
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.xy)


def no_points(size: tuple[int, int]) -> LocalPoints:
    """Return the points of a picture of this size in which none was found."""
    return LocalPoints(
        np.zeros((0, 2), np.float32),
        np.zeros((0, LENGTH), np.float32),
        np.zeros(0, np.float32),
        size,
    )
