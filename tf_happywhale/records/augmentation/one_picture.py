"""The original's augmentations on one picture, in the original's order and in few passes.

All geometry is one affine map (`geometry.py`), all colour one 3×4 matrix (`colour.py`); what is
rarer is done only where it is drawn. The random numbers of an example depend on (seed, epoch,
image) alone, so that a resumed run sees the same pictures (`generator`).
"""

from __future__ import annotations

import math
import zlib
from typing import Protocol

import numpy as np

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


class Settings(Protocol):
    """What `augment` and the reader read; the config's section `augment` is one."""

    enabled: bool
    affine_p: float
    rotate: float
    translate: float
    shear: float
    crop_scale: tuple[float, float]
    crop_ratio: tuple[float, float]
    grey_p: float
    blur_p: float
    blur_size: tuple[int, int]
    motion_blur_p: float
    motion_blur_size: tuple[int, int]
    noise_p: float
    noise_variance: tuple[float, float]
    grid_shuffle_p: float
    brightness_contrast_p: float
    brightness: float
    contrast: float
    cutout_p: float
    cutout_holes: int
    cutout_size: float
    occlusion_p: float
    occlusion_area: tuple[float, float]
    flip_p: float
    mixup_p: float
    mixup_alpha: float
    crops: dict[str, float]


def generator(seed: int, epoch: int, image: str | bytes) -> np.random.Generator:
    """The random numbers of one image in one epoch."""
    name = image.encode() if isinstance(image, str) else image
    return np.random.default_rng([seed, epoch, zlib.crc32(name)])


def augment(
    picture: np.ndarray, size: int, settings: Settings, rng: np.random.Generator
) -> np.ndarray:
    """One training picture uint8 [size, size, 3] of a crop uint8 [h, w, 3]."""
    if not settings.enabled:
        return resize(picture, size)
    picture = geometry.warp(picture, draw_places(picture.shape[:2], size, settings, rng), size)
    grey = rng.random() < settings.grey_p
    if rng.random() < settings.blur_p:
        picture = blur(picture, draw_odd(settings.blur_size, rng))
    if rng.random() < settings.motion_blur_p:
        length = draw_odd(settings.motion_blur_size, rng)
        picture = motion_blur(picture, length, rng.uniform(0, 180))
    variance = rng.uniform(*settings.noise_variance) if rng.random() < settings.noise_p else 0
    if rng.random() < settings.grid_shuffle_p:
        picture = grid_shuffle(picture, rng.permutation(4))
    factor, shift = 1.0, 0.0
    if rng.random() < settings.brightness_contrast_p:
        factor += rng.uniform(-settings.contrast, settings.contrast)
        shift += rng.uniform(-settings.brightness, settings.brightness) * 255
    if grey or factor != 1 or shift != 0:
        picture = recolour(picture, colour_matrix(grey=grey, factor=factor, shift=shift))
    if variance:
        # Noise comes before brightness and contrast: here it takes the factor itself.
        picture = add_noise(picture, factor * math.sqrt(variance), rng)
    if rng.random() < settings.cutout_p:
        picture = cutout(picture, settings.cutout_holes, settings.cutout_size, rng)
    if rng.random() < settings.occlusion_p:
        picture = occlude(picture, settings.occlusion_area, (0.3, 1 / 0.3), rng)
    return picture


def draw_places(
    shape: tuple[int, int], size: int, settings: Settings, rng: np.random.Generator
) -> np.ndarray:
    """The map [3, 3] of affine, random resized crop and mirror, for `geometry.warp`."""
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
    """A random window (x, y, width, height) of `scale` of the area and `ratio` width to height.

    Ten tries, as torchvision's RandomResizedCrop has it; then the largest centred window whose
    ratio is allowed.
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
    """An odd number between two, both possible."""
    low, high = limits
    return low + 2 * int(rng.integers((high - low) // 2 + 1))
