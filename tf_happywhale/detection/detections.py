"""What a detector's network says, as boxes: decoded, with overlapping ones suppressed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

FLOOR = 0.01  # lowest confidence worth remembering; detect.confidence decides what is kept
LOOKED_AT = 1000  # most confident boxes of a source that compete
REMEMBERED = 10  # of those, boxes of a source that are kept for one image
SAME_ANIMAL = (
    0.7  # intersection over union from which the less confident box goes, ultralytics' own
)


@dataclass(frozen=True, slots=True)
class Detection:
    """A rectangle, in pixels that are not whole; xmax and ymax are exclusive."""

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
        """In square pixels."""
        return max(0.0, self.xmax - self.xmin) * max(0.0, self.ymax - self.ymin)


def find_boxes(output: np.ndarray, sources: Sequence[str]) -> list[Detection]:
    """The boxes of one picture from a network's output for it.

    Args:
        output: float32 [4 + sources, n] with centre x, centre y, width, height and a confidence for
            each source, or [n, 6] with corners, confidence and source of a network that has
            suppressed overlapping boxes itself (YOLOv10, YOLO26); pixels of its input.
        sources: what each class is.

    Returns:
        Boxes of a source by falling confidence, source after source.
    """
    if output.shape[-1] == 6 and output.shape[0] != len(sources) + 4:
        corners, confidence, kind = output[:, :4], output[:, 4], output[:, 5]
        by_source = [
            (corners[kind == n], confidence[kind == n]) for n in range(len(sources))
        ]  # one-to-one heads leave nothing to suppress
        limit = 1.0
    else:
        centre, size = output[:2].T, output[2:4].T
        corners = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        by_source = [(corners, confidence) for confidence in output[4:]]
        limit = SAME_ANIMAL
    found = []
    for source, (boxes, confidence) in zip(sources, by_source, strict=True):
        rows = np.flatnonzero(confidence >= FLOOR)
        rows = rows[np.argsort(-confidence[rows], kind="stable")][:LOOKED_AT]
        kept = suppress(boxes[rows].astype(np.float64), limit)[:REMEMBERED]
        found += [
            Detection(source, *map(float, boxes[row]), float(confidence[row])) for row in rows[kept]
        ]
    return found


def suppress(corners: np.ndarray, limit: float) -> list[int]:
    """Which of the boxes [n, 4] stay, the first ones going before: greedy non-maximum suppression.

    A box goes where its intersection over union with one that stays is above `limit`.
    """
    left, kept = np.arange(len(corners)), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[overlaps(corners[best], corners[left]) <= limit]
    return kept


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union [n] of a box [4] with others [n, 4]; 0 where neither has an area."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    areas = np.prod(np.clip(others[:, 2:] - others[:, :2], 0, None), axis=1)
    union = np.prod(np.clip(box[2:] - box[:2], 0, None)) + areas - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def sources_of(found: Iterable[Detection]) -> list[str]:
    """The sources among them, sorted."""
    return sorted({detection.source for detection in found})
