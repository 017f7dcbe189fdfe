"""Pictures that are nearly the same, whichever animal is in them. No model is used."""

from __future__ import annotations

import numpy as np

SIDE = 16  # of a thumbnail, pixels
TILE = 4096  # queries compared together


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Return pictures uint8 [n, 16, 16, 3] as grey vectors float32 [n, 256] of mean 0 and length 1,
    whose product is their correlation; a picture of one colour is all 0.
    """
    grey = pictures.reshape(len(pictures), SIDE * SIDE, 3).mean(axis=2, dtype=np.float32)
    grey -= grey.mean(axis=1, keepdims=True)
    length = np.linalg.norm(grey, axis=1, keepdims=True)
    return np.divide(grey, length, out=np.zeros_like(grey), where=length > 1e-3)


def near_duplicates(queries: np.ndarray, others: np.ndarray, correlation: float) -> np.ndarray:
    """Return whether each query's thumbnail correlates with some other one at least so much, bool
    [n].

    Args:
        queries: `thumbnails` [n, 256].
        others: `thumbnails` [m, 256].
    """
    found = np.zeros(len(queries), bool)
    for start in range(0, len(queries) if len(others) else 0, TILE):
        tile = queries[start : start + TILE]
        found[start : start + TILE] = (tile @ others.T).max(axis=1) >= correlation
    return found
