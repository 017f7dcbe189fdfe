"""A network's raw output decoded to boxes, without those that overlap a better one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.detection.detections import Detection, overlaps

FLOOR = 0.01  # lowest confidence that is stored; detect.confidence decides which boxes are kept
LOOKED_AT = 1000  # most confident boxes of a source that are compared
REMEMBERED = 10  # of those, boxes of a source that are stored for one image
SAME_ANIMAL = 0.7  # intersection over union above which the less confident box is dropped, as in
# ultralytics


def find_boxes(output: np.ndarray, sources: Sequence[str]) -> list[Detection]:
    """Return the boxes in one picture, in pixels of the network's input.

    Args:
        output: the network's output for the picture, float32: either [4 + sources, n] with centre
            x, centre y, width, height and a confidence for each source; or [n, 6] with corners,
            confidence and source, from a network that suppresses overlapping boxes itself
            (YOLOv10, YOLO26).
        sources: the name of each class.

    Returns:
        The boxes of the first source by falling confidence, then those of the next source.
    """
    if output.shape[-1] == 6 and output.shape[0] != len(sources) + 4:
        corners, confidence, kind = output[:, :4], output[:, 4], output[:, 5]
        by_source = [(corners[kind == n], confidence[kind == n]) for n in range(len(sources))]
        limit = 1.0  # nothing is left to suppress
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
    """Return the rows of the boxes that stay: greedy non-maximum suppression.

    Args:
        corners: boxes [n, 4], the most confident first.
        limit: a box is dropped if its intersection over union with a box that stays is above it.
    """
    left, kept = np.arange(len(corners)), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[overlaps(corners[best], corners[left]) <= limit]
    return kept
