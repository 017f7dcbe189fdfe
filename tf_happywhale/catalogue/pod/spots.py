"""Spots on a fin's left side, as animals have that are told apart by their skin."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tf_happywhale.catalogue.pod.fin import Fin, Mark

LEFT = 1  # the side of a pose on which the spots are
TRIES = 50  # for each spot, to find a place on the fin


def with_spots(fin: Fin, count: int, rng: np.random.Generator) -> Fin:
    """Return an individual with pale and dark spots all over its fin.

    Args:
        fin: without spots.
        count: of the spots.
        rng: chooses where they are, and what they look like.
    """
    outline = np.ascontiguousarray(fin.outline, np.float32)
    low, high = outline.min(axis=0), outline.max(axis=0)
    spots: list[Mark] = []
    for _ in range(count * TRIES):
        place = rng.uniform(low, high)
        if len(spots) < count and cv2.pointPolygonTest(outline, place.tolist(), False) > 0:
            spots.append(_spot(place, rng))
    return replace(fin, marks=(*fin.marks, *spots))


def _spot(place: np.ndarray, rng: np.random.Generator) -> Mark:
    """Return a short thick line."""
    angle, length = rng.uniform(0, np.pi), rng.uniform(0.005, 0.05)
    end = np.array([np.cos(angle), np.sin(angle)]) * length
    points = np.stack([place - end, place, place + end]).astype(np.float32)
    tone, strength = (0.01, 0.5)[int(rng.integers(2))], rng.uniform(0.7, 0.95)
    return Mark(points, False, rng.uniform(0.02, 0.06), tone, strength)
