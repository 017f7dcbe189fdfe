"""Parts of a picture rearranged or covered: grid shuffle, cutout, random erasing.

Every function takes and returns uint8 RGB [h, w, 3] and leaves its argument unchanged.
"""

from __future__ import annotations

import math

import numpy as np


def grid_shuffle(picture: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the picture with its quarters, numbered in row order, rearranged by `order`.

    An odd last row or column stays where it is.
    """
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    corners = [(0, 0), (0, width), (height, 0), (height, width)]
    even = picture.shape[0] % 2 == picture.shape[1] % 2 == 0
    shuffled = np.empty_like(picture) if even else picture.copy()
    for (to_y, to_x), place in zip(corners, order, strict=True):
        y, x = corners[place]
        shuffled[to_y : to_y + height, to_x : to_x + width] = picture[y : y + height, x : x + width]
    return shuffled


def cutout(picture: np.ndarray, holes: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the picture with black squares, whose sides are `share` of its own, anywhere in it.

    DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
    2017.
    """
    height, width = picture.shape[:2]
    cut = picture.copy()
    for y, x in rng.random((holes, 2)):
        top, left = round(y * height - share * height / 2), round(x * width - share * width / 2)
        bottom, right = top + round(share * height), left + round(share * width)
        cut[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 0
    return cut


def occlude(
    picture: np.ndarray,
    area: tuple[float, float],
    ratio: tuple[float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the picture with a rectangle of random pixels.

    The rectangle has `area` of the picture's; `ratio` is its height to its width.

    Zhong et al., "Random Erasing Data Augmentation", 2017; as there, another rectangle is drawn
    where one does not fit, up to ten times.
    """
    height, width = picture.shape[:2]
    covered = picture.copy()
    for _ in range(10):
        space = height * width * rng.uniform(*area)
        aspect = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        h, w = round(math.sqrt(space * aspect)), round(math.sqrt(space / aspect))
        if 0 < h <= height and 0 < w <= width:
            y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
            covered[y : y + h, x : x + w] = rng.integers(0, 256, (h, w, 3), np.uint8)
            break
    return covered
