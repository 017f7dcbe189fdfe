"""Pictures of what a match rests on: heat over both, and lines between corresponding parts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

SIDE = 384  # of each of the two pictures, pixels
GAP = 12
LINES = (
    (230, 80, 60), (245, 180, 50), (90, 190, 90), (60, 180, 210), (120, 110, 230), (220, 90, 190),
    (160, 160, 60), (200, 200, 200),
)  # fmt: skip


def heat_pair(first: np.ndarray, second: np.ndarray, heat: Sequence[np.ndarray]) -> np.ndarray:
    """Two crops uint8 [h, w, 3] side by side; what adds nothing is grey and dim, what adds most in
    colour and bright.

    Args:
        first, second: the crops.
        heat: of each, float [h, w].
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
    """Two crops uint8 [h, w, 3] side by side with a line between corresponding parts.

    Args:
        first, second: the crops.
        parts: (row, column) in both [p, 4], in cells.
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


def _beside(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    gap = np.full((SIDE, GAP, 3), 255, np.uint8)
    return np.ascontiguousarray(np.concatenate([first, gap, second], axis=1))
