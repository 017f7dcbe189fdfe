"""Drawings on pictures: heat, lines between corresponding parts, numbered boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from tf_happywhale.catalogue.boxes.box import Box

SIDE = 384  # of each of the two pictures, pixels
GAP = 12
OUTLINE, OTHERS = (255, 205, 40), (235, 235, 235)
LINES = (
    (230, 80, 60), (245, 180, 50), (90, 190, 90), (60, 180, 210), (120, 110, 230), (220, 90, 190),
    (160, 160, 60), (200, 200, 200),
)  # fmt: skip


def heat_pair(first: np.ndarray, second: np.ndarray, heat: Sequence[np.ndarray]) -> np.ndarray:
    """Return two crops side by side, uint8 [h, w, 3]: in colour where they add most to the score,
    grey and dim where they add nothing.

    Args:
        first, second: the crops, uint8 [h, w, 3].
        heat: what each place of each crop adds, float [h, w].
    """
    shown = []
    for crop, cells in zip((first, second), heat, strict=True):
        picture = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        warm = cv2.resize(cells.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        warm = np.clip(warm / max(float(warm.max()), 1e-12), 0, 1)[:, :, None]
        grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        shown.append((warm * picture + (1 - warm) * (0.35 * grey)).astype(np.uint8))
    return _beside(*shown)


def line_pair(
    first: np.ndarray, second: np.ndarray, parts: np.ndarray, cells: tuple[int, int]
) -> np.ndarray:
    """Return two crops side by side, uint8 [h, w, 3], with lines between corresponding parts.

    Args:
        first, second: the crops, uint8 [h, w, 3].
        parts: row and column of each part in both crops, in cells of the feature map, [p, 4].
        cells: rows and columns of the feature map.
    """
    pair = _beside(
        *(cv2.resize(c, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for c in (first, second))
    )
    middle = (parts + 0.5) * SIDE / np.tile(cells, 2)
    for n, (row, column, other_row, other_column) in enumerate(middle.round().astype(int).tolist()):
        colour = LINES[n % len(LINES)]
        start, end = (column, row), (other_column + SIDE + GAP, other_row)
        cv2.line(pair, start, end, colour, 2, cv2.LINE_AA)
        for place in (start, end):
            cv2.circle(pair, place, 6, colour, -1, cv2.LINE_AA)
    return pair


def number_boxes(
    picture: np.ndarray, width: int, boxes: Mapping[int, Box], shown: int, longest: int
) -> np.ndarray:
    """Return a photograph with numbered boxes, uint8 RGB [h, w, 3].

    Args:
        picture: the photograph in any size, uint8 RGB [h, w, 3].
        width: of the photograph to which the boxes belong, pixels.
        boxes: by number.
        shown: the number of the box that is highlighted.
        longest: the longer side of the result at most, pixels.
    """
    shrink = min(1.0, longest / max(picture.shape[:2]))
    size = [max(1, round(side * shrink)) for side in picture.shape[1::-1]]
    drawn = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    scale = drawn.shape[1] / width
    for number in sorted(boxes, key=lambda number: number == shown):  # the highlighted one on top
        box, colour = boxes[number], OUTLINE if number == shown else OTHERS
        corners = (box.xmin, box.ymin, box.xmax - 1, box.ymax - 1)
        left, top, right, bottom = (round(corner * scale) for corner in corners)
        thick = 3 if number == shown else 1
        cv2.rectangle(drawn, (left, top), (right, bottom), (0, 0, 0), thick + 2)
        cv2.rectangle(drawn, (left, top), (right, bottom), colour, thick)
        (across, down), _ = cv2.getTextSize(str(number), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
        top = max(0, top - down - 6)  # above the box, so that a small one can be seen
        cv2.rectangle(drawn, (left, top), (left + across + 6, top + down + 6), colour, -1)
        place = (left + 3, top + down + 3)
        cv2.putText(
            drawn, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA
        )
    return drawn


def _beside(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    gap = np.full((SIDE, GAP, 3), 255, np.uint8)
    return np.ascontiguousarray(np.concatenate([first, gap, second], axis=1))
