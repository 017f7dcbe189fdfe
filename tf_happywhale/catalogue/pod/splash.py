"""White water around the animal: foam at its waterline, its wake, drops and mist in the air."""

from __future__ import annotations

import cv2
import numpy as np

from tf_happywhale.catalogue.pod.canvas import noise
from tf_happywhale.catalogue.pod.weather import Camera


def draw_splash(
    camera: Camera,
    front: np.ndarray,
    left: float,
    right: float,
    vigour: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return white water: cover [h, w] float32 of foam along the waterline from `left` to `right`,
    of the wake next to it, and of drops in the air; `vigour` 0 to 1.
    """
    width, height = camera.width, camera.height
    x = np.arange(width, dtype=np.float32)
    inside = np.clip((x - left) / 25, 0, 1) * np.clip((right - x) / 25, 0, 1)
    line = cv2.GaussianBlur(front[None, :], (0, 0), 2)[0]
    below = np.arange(height, dtype=np.float32)[:, None] - line[None, :]
    ragged = noise(rng, 1, width, (1, width // 9))[0] + noise(rng, 1, width, (1, width // 40))[0]
    thick = inside * (1.5 + 5 * vigour * np.clip(ragged + 0.8, 0, 3))
    lace = noise(rng, height, width, (height // 3, width // 8))
    lace = lace + 0.8 * noise(rng, height, width, (height // 9, width // 30))
    band = np.exp(-((below / (thick[None, :] + 0.6)) ** 2)) * (thick > 0.3)
    cover = band * np.clip(0.55 + 0.5 * lace, 0, 1)
    reach = 10 + 38 * vigour
    wake = np.exp(-np.maximum(below, 0) / reach) * (below > 0) * _blur_line(inside, 30)
    cover = np.maximum(cover, wake * np.clip(lace * 0.8 - 0.75 + 0.9 * vigour, 0, 0.8))
    drops = np.zeros((height, width), np.float32)
    count = int(rng.poisson(12 + 160 * vigour**2))
    middle, spread = rng.uniform(left, right), rng.uniform(20, 110)
    heading = rng.normal(0, 0.5)
    for _ in range(count):
        px = middle + rng.normal(0, spread)
        base = line[int(np.clip(px, 0, width - 1))]
        py = base - rng.exponential(12 + 40 * vigour) + rng.uniform(0, 6)
        size = float(np.exp(rng.normal(0.1, 0.45)))
        streak = rng.uniform(0, 5) * size
        tail = (px + streak * np.sin(heading), py - streak * np.cos(heading))
        ends = [tuple(int(16 * v) for v in p) for p in ((px, py), tail)]
        cv2.line(drops, *ends, float(rng.uniform(0.35, 1)), max(1, round(size)), cv2.LINE_AA, 4)
    mist = cv2.GaussianBlur(drops, (0, 0), 7) * (2.5 * vigour)
    drops = cv2.GaussianBlur(drops, (0, 0), 0.6)
    return np.clip(np.maximum(np.maximum(cover, drops * 0.9), mist * 0.7), 0, 0.95)


def _blur_line(values: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(values[None, :].astype(np.float32), (0, 0), sigma)[0]
