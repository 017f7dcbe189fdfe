"""Pictures squashed to another size, or a part of them warped to a square."""

from __future__ import annotations

import math

import cv2
import numpy as np

from tf_happywhale.pictures.memory import keep_freed_memory

# Many pictures are worked on at a time, one thread each. OpenCV's own threads would only get in
# their way.
cv2.setNumThreads(0)
keep_freed_memory()

LARGE_STEP = 8  # from here on INTER_AREA is the faster way to average


def resize(picture: np.ndarray, width: int, height: int | None = None) -> np.ndarray:
    """Return the picture uint8 [h, w, 3] squashed to [height, width, 3], averaged where it shrinks.

    Without a `height` it becomes a square.
    A picture that shrinks to 1/s is averaged over √(s²−1) pixels and then interpolated linearly,
    which averages over one more: in sum as wide as OpenCV's INTER_AREA, and five times as fast.
    """
    height = height or width
    steps = (picture.shape[1] / width, picture.shape[0] / height)
    if steps == (1, 1):
        return picture
    even = steps[0] == steps[1] and steps[0].is_integer()  # INTER_AREA has a quick way for these
    if min(steps) >= 1 and (even or max(steps) >= LARGE_STEP):
        return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    if max(steps) >= LARGE_STEP:  # one side grows, where INTER_AREA would not interpolate
        smaller = (min(width, picture.shape[1]), min(height, picture.shape[0]))
        picture = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
    else:
        picture = _averaged(picture, steps)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)


def resize_smoothly(picture: np.ndarray, size: int) -> np.ndarray:
    """Return the picture uint8 [h, w, 3] squashed to [size, size, 3] as Pillow and PyTorch do.

    Where it shrinks, each pixel is a mean over twice the width that `resize` averages over, and
    weighted by a triangle. The publishers of other models do so. It matters: between the two ways
    lite0's features move by up to .012 in cosine distance, where two photographs are .4 apart.
    """
    from PIL import Image

    small = Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(small).copy()  # writable


def resize_window(
    picture: np.ndarray, window: tuple[float, float, float, float], size: int
) -> np.ndarray:
    """Return a window (left, top, right, bottom) of the picture as `resize` makes it
    [size, size, 3].

    Its sides may lie between pixels.
    """
    left, top, right, bottom = window
    first_x, first_y = math.floor(left), math.floor(top)
    part = picture[first_y : math.ceil(bottom), first_x : math.ceil(right)]
    left, top, right, bottom = left - first_x, top - first_y, right - first_x, bottom - first_y
    while min(right - left, bottom - top) >= 4 * size:  # means of 2×2 come first, being the fastest
        height, width = (side // 2 for side in part.shape[:2])
        even = part[: 2 * height, : 2 * width]
        part = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
        left, top, right, bottom = left / 2, top / 2, right / 2, bottom / 2
    if (left, top, right, bottom) == (0, 0, part.shape[1], part.shape[0]):
        return resize(part, size)
    across, down = (right - left) / size, (bottom - top) / size
    matrix = np.array(  # between pixel centres, as OpenCV counts
        [[across, 0, left + (across - 1) / 2], [0, down, top + (down - 1) / 2]]
    )
    return warp_affine(_averaged(part, (across, down)), matrix, size, cv2.BORDER_REPLICATE)


def warp_affine(
    picture: np.ndarray, matrix: np.ndarray, size: int, border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    """Return the picture [size, size, 3] whose pixels lie at `matrix` [2, 3] in uint8 RGB
    [h, w, 3].

    Four channels go twice as fast through OpenCV's warp as three, conversions included.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    wide = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    warped = cv2.warpAffine(wide, matrix, (size, size), flags=flags, borderMode=border)
    return cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB)


def _averaged(picture: np.ndarray, steps: tuple[float, float]) -> np.ndarray:
    """Return the picture, with each pixel a mean over √(step² − 1) along either side, its ends in
    part.
    """
    pixels = [math.sqrt(max(1.0, step**2 - 1)) for step in steps]
    edge = cv2.BORDER_REPLICATE
    if max(pixels) == 1:
        return picture
    if max(pixels) < 3:  # three weights: OpenCV's Gaussian can have any, in a third of the time
        outer = [(count - 1) / 2 / count for count in pixels]
        across, down = (share and math.sqrt(0.5 / math.log(1 / share - 2)) for share in outer)
        taps = (3 if across else 1, 3 if down else 1)
        return cv2.GaussianBlur(picture, taps, across or 1, sigmaY=down or 1, borderType=edge)
    across, down = (_mean_over(count) for count in pixels)
    return cv2.sepFilter2D(picture, -1, across, down, borderType=edge)


def _mean_over(pixels: float) -> np.ndarray:
    """Return the weights of a mean over so many pixels, the outermost counting in part; three at
    least, since OpenCV is slower with a single one.
    """
    reach = max(1, math.ceil((pixels - 1) / 2))
    weights = np.full(2 * reach + 1, 1 / pixels, np.float32)
    weights[[0, -1]] *= (pixels + 1) / 2 - reach
    return weights
