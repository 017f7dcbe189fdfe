"""Points of a score map: its peaks, placed more exactly than a pixel (Zhao et al. 2022, ALIKE)."""

from __future__ import annotations

import numpy as np

RADIUS = 2  # pixels around a peak, of which no other is one
SHARPNESS = 10.0  # of the weights by which a peak's place is a mean of its neighbourhood


def detect(score: np.ndarray, count: int, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the best peaks of a score map, best first.

    Args:
        score: float32 [h, w].
        count: at most so many.
        least: the score that a peak must have. 0 for the best `count` whatever they have.

    Returns:
        x and y, float32 [p, 2], and the score there, float32 [p].
    """
    height, width = score.shape
    if min(height, width) <= 2 * RADIUS:
        return np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
    inner = (slice(RADIUS, -RADIUS),) * 2
    peaks = np.zeros_like(score)
    peaks[inner] = np.where(_peaks(score), score, 0)[inner]
    row, column = np.nonzero(peaks > least)
    order = np.argsort(-peaks[row, column], kind="stable")[:count]
    row, column = row[order], column[order]
    peaks = np.stack([column, row], 1).astype(np.float32)
    xy = peaks + _from_centre(score, row, column)
    return xy, _between(score, xy)


def _peaks(score: np.ndarray) -> np.ndarray:
    """Return which pixels are the highest around them; then, twice, which are so if the
    neighbourhoods of the peaks before are left out. bool [h, w]"""
    peaks = score == _highest(score)
    for _ in range(2):
        near = _highest(peaks.astype(np.float32)) > 0
        left = np.where(near, 0, score)
        peaks |= (left == _highest(left)) & ~near
    return peaks


def _highest(score: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.dilate(score, np.ones((2 * RADIUS + 1,) * 2, np.uint8))


def _from_centre(score: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return how far each peak lies from its pixel's centre, x and y, float32 [p, 2]."""
    steps = np.arange(-RADIUS, RADIUS + 1)
    around = score[row[:, None, None] + steps[:, None], column[:, None, None] + steps]
    weight = np.exp((around - around.max((1, 2), keepdims=True)) * np.float32(SHARPNESS))
    weight /= weight.sum((1, 2), keepdims=True)
    steps = steps.astype(np.float32)
    return np.stack([weight.sum(1) @ steps, weight.sum(2) @ steps], 1)


def _between(score: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Return the score between pixels, float32 [p]."""
    left, top = np.floor(xy).astype(np.int64).T
    right, low = (xy - np.floor(xy)).T
    after = np.minimum(left + 1, score.shape[1] - 1)
    under = np.minimum(top + 1, score.shape[0] - 1)
    upper = score[top, left] * (1 - right) + score[top, after] * right
    lower = score[under, left] * (1 - right) + score[under, after] * right
    return upper * (1 - low) + lower * low
