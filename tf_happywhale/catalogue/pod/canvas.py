"""Drawing tools of the pod: smooth noise, periodic tiles, and blending of colours."""

from __future__ import annotations

import cv2
import numpy as np


def noise(rng: np.random.Generator, rows: int, columns: int, cells: tuple[int, int]) -> np.ndarray:
    """Return smooth noise [rows, columns] float32 of about standard deviation .6, `cells` (y, x)
    blobs.
    """
    coarse = rng.standard_normal((cells[0] + 2, cells[1] + 2), dtype=np.float32)
    return cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)


def lookup(tile: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the bilinear look-up in a periodic [256, 256, c] tile at columns `u [h, w]`, rows
    `v [h, 1]`.
    """
    padded = np.pad(tile, ((0, 1), (0, 1), (0, 0)), mode="wrap")
    u, v = (w - 256 * np.floor(w * np.float32(1 / 256)) for w in (u, v))
    v = np.ascontiguousarray(np.broadcast_to(v, u.shape))
    return cv2.remap(padded, u, v, cv2.INTER_LINEAR)


def blend(planes: list[np.ndarray], colour: np.ndarray, cover: np.ndarray) -> list[np.ndarray]:
    """Lay `colour [3]` over three planes where `cover [h, w]` says so."""
    return [plane + (c - plane) * cover for plane, c in zip(planes, colour, strict=True)]
