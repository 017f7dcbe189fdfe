"""What a detector finds: boxes with a confidence, and all boxes that it saw in a photograph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Detection:
    """A rectangle in pixels, which need not be whole numbers; xmax and ymax are exclusive."""

    source: str
    xmin: float
    ymin: float
    xmax: float
    ymax: float
    confidence: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax."""
        return self.xmin, self.ymin, self.xmax, self.ymax

    @property
    def area(self) -> float:
        """The area in square pixels."""
        return max(0.0, self.xmax - self.xmin) * max(0.0, self.ymax - self.ymin)


@dataclass(frozen=True)
class Seen:
    """What a network saw in one photograph.

    Attributes:
        width, height: of the upright photograph in pixels; 0 if it cannot be read.
        found: boxes in pixels of the photograph.
        reason: why it cannot be read; else empty.
    """

    width: int
    height: int
    found: tuple[Detection, ...]
    reason: str = ""


def seen_to_json(found: Mapping[str, Seen]) -> dict[str, dict]:
    """Return what was seen as plain dicts, for a JSON file."""
    return {name: asdict(seen) for name, seen in found.items()}


def seen_from_json(found: Mapping[str, dict]) -> dict[str, Seen]:
    """Return what `seen_to_json` was given.

    Raises:
        KeyError, TypeError: the JSON holds something else.
    """
    return {
        name: Seen(
            seen["width"],
            seen["height"],
            tuple(Detection(**box) for box in seen["found"]),
            seen["reason"],
        )
        for name, seen in found.items()
    }


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union [n] of a box [4] with others [n, 4]; 0 without an area."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    areas = np.prod(np.clip(others[:, 2:] - others[:, :2], 0, None), axis=1)
    union = np.prod(np.clip(box[2:] - box[:2], 0, None)) + areas - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def sources_of(found: Iterable[Detection]) -> list[str]:
    """Return the sources among the detections, sorted."""
    return sorted({detection.source for detection in found})
