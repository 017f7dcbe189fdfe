"""Colours of a picture: one matrix for all that is linear, and noise, blur and motion blur.

Every function takes and returns uint8 RGB [h, w, 3] and leaves its argument unchanged.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import cv2
import numpy as np

COLOUR = np.eye(3, dtype=np.float32)
GREY = np.array([(0.299, 0.587, 0.114)] * 3, np.float32)  # luminance of ITU-R BT.601


def colour_matrix(*, grey: bool, factor: float, shift: float) -> np.ndarray:
    """Return the matrix [3, 4] that removes the colour (`grey`), then takes levels · factor +
    shift.
    """
    matrix = np.empty((3, 4), np.float32)
    matrix[:, :3] = (GREY if grey else COLOUR) * factor
    matrix[:, 3] = shift
    return matrix


def recolour(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return each pixel (r, g, b, 1) times the matrix [3, 4], rounded and clipped to 0–255."""
    return cv2.transform(picture, matrix)


def blur(picture: np.ndarray, size: int) -> np.ndarray:
    """Return the mean over a square of `size` pixels, an odd number."""
    return cv2.blur(picture, (size, size))


def motion_blur(picture: np.ndarray, length: int, degrees: float) -> np.ndarray:
    """Return the mean along a straight path of `length` pixels (odd), `degrees` from the
    horizontal.
    """
    reach = (length - 1) / 2
    along = np.linspace(-reach, reach, 4 * length)
    angle = math.radians(degrees)
    kernel = np.zeros((length, length), np.float32)
    columns = np.rint(reach + along * math.cos(angle)).astype(int)
    rows = np.rint(reach - along * math.sin(angle)).astype(int)
    np.add.at(kernel, (rows, columns), 1)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def add_noise(picture: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Return the picture plus Gaussian noise of that standard deviation in grey levels, clipped.

    A random byte for each value chooses one of the normal distribution's 256 equally likely
    levels: six times as fast as drawing normal numbers.
    """
    words = rng.integers(0, 2**64, -(-picture.size // 8), np.uint64)
    random = words.view(np.uint8)[: picture.size].reshape(picture.shape)
    levels = np.clip(np.rint(128 + _NORMAL * deviation), 0, 255).astype(np.uint8)
    return cv2.addWeighted(picture, 1, cv2.LUT(random, levels), 1, -128)


def _normal_levels() -> np.ndarray:
    levels = np.array([NormalDist().inv_cdf((k + 0.5) / 256) for k in range(256)])
    return levels / levels.std()


_NORMAL = _normal_levels()
