"""Pictures made of numbers alone, so that they are the same on every machine."""

from __future__ import annotations

import numpy as np


def spots(height: int = 200, width: int = 260, seed: int = 0) -> np.ndarray:
    """Dark spots of several sizes on a bright ground, uint8 [h, w, 3]."""
    random = np.random.RandomState(seed)  # whose numbers never change
    y, x = np.mgrid[:height, :width]
    shade = np.full((height, width), 190, np.int64)
    for _ in range(90):
        row, column = random.randint(height), random.randint(width)
        across, deep = random.randint(3, 12), random.randint(30, 120)
        inside = (y - row) ** 2 + 2 * (x - column) ** 2 < across**2
        shade[inside] -= deep
    grey = np.clip(shade, 0, 255).astype(np.uint8)
    return np.stack([grey, grey, grey // 2], 2)


def two_views() -> tuple[np.ndarray, np.ndarray]:
    """Two parts of one picture, the second 20 pixels further right and 10 further down."""
    whole = spots()
    return whole[:180, :230], whole[10:200, 20:260]
