"""The original's augmentations on one picture, in the original's order and in few passes.

All geometry is one affine map (`geometry.py`), and all colour is one 3×4 matrix (`colour.py`). The
other operations are done only where they are drawn. The random numbers depend only on (seed, epoch,
image), so that a resumed run sees the same pictures (`generator`).
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from tf_happywhale.config import Augment
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.records.augmentation import geometry
from tf_happywhale.records.augmentation.colour import (
    add_noise,
    blur,
    colour_matrix,
    motion_blur,
    recolour,
)
from tf_happywhale.records.augmentation.occlusion import cutout, grid_shuffle, occlude

BLUR = (3, 7)  # smallest and largest box, pixels, odd
MOTION_BLUR = (3, 9)  # shortest and longest line, pixels, odd
NOISE = (10, 50)  # variance, in squared grey levels
CUTOUT = (4, 0.2)  # squares, and their side as a share of the picture's
OCCLUSION = (0.02, 0.2), (0.3, 1 / 0.3)  # share of the area, and width to height


def generator(seed: int, epoch: int, image: str | bytes) -> np.random.Generator:
    """Return the random numbers of one image in one epoch."""
    name = image.encode() if isinstance(image, str) else image
    return np.random.default_rng([seed, epoch, zlib.crc32(name)])


def augment(
    picture: np.ndarray, size: int, settings: Augment, rng: np.random.Generator
) -> np.ndarray:
    """Return a training picture uint8 [size, size, 3] of a crop uint8 [h, w, 3]."""
    if not settings.enabled:
        return resize(picture, size)
    picture = geometry.warp(picture, draw_places(picture.shape[:2], size, settings, rng), size)
    grey = rng.random() < settings.grey_p
    if rng.random() < settings.blur_p:
        picture = blur(picture, draw_odd(BLUR, rng))
    if rng.random() < settings.motion_blur_p:
        length = draw_odd(MOTION_BLUR, rng)
        picture = motion_blur(picture, length, rng.uniform(0, 180))
    variance = rng.uniform(*NOISE) if rng.random() < settings.noise_p else 0
    if rng.random() < settings.grid_shuffle_p:
        picture = grid_shuffle(picture, rng.permutation(4))
    factor, shift = 1.0, 0.0
    if rng.random() < settings.brightness_contrast_p:
        factor += rng.uniform(-settings.contrast, settings.contrast)
        shift += rng.uniform(-settings.brightness, settings.brightness) * 255
    if grey or factor != 1 or shift != 0:
        picture = recolour(picture, colour_matrix(grey=grey, factor=factor, shift=shift))
    if variance:
        # The original adds noise before brightness and contrast, so it is multiplied by the factor.
        picture = add_noise(picture, factor * math.sqrt(variance), rng)
    if rng.random() < settings.cutout_p:
        picture = cutout(picture, *CUTOUT, rng)
    if rng.random() < settings.occlusion_p:
        picture = occlude(picture, *OCCLUSION, rng)
    return picture


def draw_places(
    shape: tuple[int, int], size: int, settings: Augment, rng: np.random.Generator
) -> np.ndarray:
    """Return the map [3, 3] of affine, random resized crop and mirror, for `geometry.warp`."""
    moved = rng.random() < settings.affine_p
    if moved:
        degrees = rng.uniform(-settings.rotate, settings.rotate)
        shift = rng.uniform(0, settings.translate), rng.uniform(0, settings.translate)
        shear = rng.uniform(-settings.shear, settings.shear, 2).tolist()
    places = geometry.window(*draw_crop(shape, settings.crop_scale, settings.crop_ratio, rng), size)
    if rng.random() < settings.flip_p:
        places = places @ geometry.mirror(size)
    return geometry.unmoved(shape, degrees, shift, shear) @ places if moved else places


def draw_crop(
    shape: tuple[int, int],
    scale: tuple[float, float],
    ratio: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[int, int, int, int]:
    """Return a random window (x, y, width, height) of a share `scale` of the area and a `ratio` of
    width to height.

    It is drawn up to ten times until it fits, as in torchvision's RandomResizedCrop. Then the
    largest centred window whose ratio is allowed is taken.
    """
    height, width = shape
    low, high = math.log(ratio[0]), math.log(ratio[1])
    for share, lean, right, down in rng.random((10, 4)).tolist():
        area = height * width * (scale[0] + share * (scale[1] - scale[0]))
        aspect = math.exp(low + lean * (high - low))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(right * (width - w + 1)), int(down * (height - h + 1)), w, h
    aspect = min(max(width / height, ratio[0]), ratio[1])
    w, h = min(width, round(height * aspect)), min(height, round(width / aspect))
    return (width - w) // 2, (height - h) // 2, w, h


def draw_odd(limits: tuple[int, int], rng: np.random.Generator) -> int:
    """Return an odd number between two limits, both included."""
    low, high = limits
    return low + 2 * int(rng.integers((high - low) // 2 + 1))
