"""Where each pixel of a training picture comes from: one affine map, composed before it is drawn.

A map is a 3×3 float64 matrix that takes a point of the picture to be made to its place in the crop,
both in pixels from the top left corner, so that the first pixel's centre is at (0.5, 0.5).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from tf_happywhale.pictures.resizing import resize, warp_affine

ALIASING = 1.5  # crop pixels a step of one pixel may skip over before they have to be averaged


def window(x: float, y: float, width: float, height: float, size: int) -> np.ndarray:
    """Return the map that stretches a window of the crop, from (x, y), over [size, size]."""
    return np.array([[width / size, 0, x], [0, height / size, y], [0, 0, 1]])


def mirror(size: int) -> np.ndarray:
    """Return the map that swaps left and right in a picture [size, size]."""
    return np.array([[-1.0, 0, size], [0, 1, 0], [0, 0, 1]])


def unmoved(
    shape: tuple[int, int], degrees: float, shift: tuple[float, float], shear: tuple[float, float]
) -> np.ndarray:
    """Return the map from a crop [h, w] that was moved to the crop as it was.

    It was rotated counter-clockwise and sheared (degrees, x and y) about its centre, then shifted
    to the right and down by `shift`, shares of its width and height.
    """
    height, width = shape
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    shear_x, shear_y = (math.tan(math.radians(value)) for value in shear)
    # Forward: turn @ [[1, shear_x], [shear_y, 1]]
    a, b = cos + sin * shear_y, cos * shear_x + sin
    c, d = cos * shear_y - sin, cos - sin * shear_x
    determinant = a * d - b * c
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    centre_x, centre_y = width / 2, height / 2
    moved_x, moved_y = centre_x + shift[0] * width, centre_y + shift[1] * height
    return np.array(
        [
            [a, b, centre_x - a * moved_x - b * moved_y],
            [c, d, centre_y - c * moved_x - d * moved_y],
            [0, 0, 1],
        ]
    )


def warp(picture: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """Return the picture [size, size, 3] whose points lie at `places` in `picture` uint8 [h, w, 3].

    What lies outside is black. Pixels that are skipped over are averaged first.
    """
    places, picture = _prefilter(places, picture)
    (a, b, x), (c, d, y) = places[:2].tolist()
    left, right = sorted((x, x + a * size))
    top, bottom = y, y + d * size
    height, width = picture.shape[:2]
    if b == c == 0 and 0 <= left < right <= width and 0 <= top < bottom <= height:
        inside = picture[_between(top, bottom), _between(left, right)]  # twice as fast as a warp
        stretched = cv2.resize(inside, (size, size), interpolation=cv2.INTER_LINEAR)
        return cv2.flip(stretched, 1) if a < 0 else stretched
    # Between pixel centres instead of corners, as OpenCV counts.
    matrix = np.array([[a, b, x + (a + b - 1) / 2], [c, d, y + (c + d - 1) / 2]])
    return warp_affine(picture, matrix, size)


def _prefilter(places: np.ndarray, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same map and picture, with the picture shrunk along the sides where it is too
    fine.
    """
    steps = (math.hypot(*places[0, :2]), math.hypot(*places[1, :2]))
    if max(steps) <= ALIASING:
        return places, picture
    height, width = picture.shape[:2]
    small = [
        max(1, round(side / step)) if step > ALIASING else side
        for side, step in zip((width, height), steps, strict=True)
    ]
    scale = np.diag([small[0] / width, small[1] / height, 1])
    return scale @ places, resize(picture, *small)


def _between(start: float, end: float) -> slice:
    """Return the whole pixels nearest to this range, at least one."""
    first = min(round(start), math.ceil(end) - 1)
    return slice(first, max(first + 1, round(end)))
