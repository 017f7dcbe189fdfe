"""The seed's augmentations on one picture: one function an operation, drawn in the seed's order.

Every function takes and returns uint8 RGB [h, w, 3] and leaves its argument unchanged. The random
numbers of an example depend on (seed, epoch, image) alone, so that a resumed run sees the same
pictures (`generator`).
"""

from __future__ import annotations

import math
import zlib
from typing import Protocol

import cv2
import numpy as np

from tf_happywhale.records.pictures import resize


class Settings(Protocol):
    """What `augment` reads; the config's section `augment` is one."""

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
    noise_p: float
    noise_variance: tuple[float, float]
    grid_shuffle_p: float
    brightness_contrast_p: float
    brightness: float
    contrast: float
    flip_p: float


def generator(seed: int, epoch: int, image: str | bytes) -> np.random.Generator:
    """The random numbers of one image in one epoch."""
    name = image.encode() if isinstance(image, str) else image
    return np.random.default_rng([seed, epoch, zlib.crc32(name)])


def augment(
    picture: np.ndarray, size: int, settings: Settings, rng: np.random.Generator
) -> np.ndarray:
    """One training picture [size, size, 3] of a crop, by the seed's list and order."""
    if not settings.enabled:
        return resize(picture, size)
    if rng.random() < settings.affine_p:
        picture = affine(
            picture,
            degrees=rng.uniform(-settings.rotate, settings.rotate),
            shift=(rng.uniform(0, settings.translate), rng.uniform(0, settings.translate)),
            shear=rng.uniform(-settings.shear, settings.shear, 2),
        )
    box = draw_crop(picture.shape[:2], settings.crop_scale, settings.crop_ratio, rng)
    picture = resized_crop(picture, box, size)
    if rng.random() < settings.grey_p:
        picture = grey(picture)
    if rng.random() < settings.blur_p:
        low, high = settings.blur_size
        picture = blur(picture, int(rng.choice(np.arange(low, high + 1, 2))))
    if rng.random() < settings.noise_p:
        variance = rng.uniform(*settings.noise_variance)
        noise = np.empty(picture.shape, np.float32)
        rng.standard_normal(dtype=np.float32, out=noise)
        picture = add_noise(picture, noise * math.sqrt(variance))
    if rng.random() < settings.grid_shuffle_p:
        picture = grid_shuffle(picture, rng.permutation(4))
    if rng.random() < settings.brightness_contrast_p:
        picture = brightness_contrast(
            picture,
            factor=1 + rng.uniform(-settings.contrast, settings.contrast),
            shift=255 * rng.uniform(-settings.brightness, settings.brightness),
        )
    if rng.random() < settings.flip_p:
        picture = flip(picture)
    return np.ascontiguousarray(picture)


def affine(
    picture: np.ndarray, degrees: float, shift: tuple[float, float], shear: np.ndarray
) -> np.ndarray:
    """Rotate counter-clockwise and shear (degrees, x and y) about the centre, then shift.

    `shift` is the share of width and height by which the picture moves right and down. What comes
    in from outside is black.
    """
    height, width = picture.shape[:2]
    angle = math.radians(degrees)
    shear_x, shear_y = np.tan(np.radians(shear))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1, shear_x], [shear_y, 1]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre - matrix @ centre + np.array(shift) * (width, height)
    warp = np.column_stack([matrix, offset])
    return cv2.warpAffine(picture, warp, (width, height), flags=cv2.INTER_LINEAR)


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
    for _ in range(10):
        area = height * width * rng.uniform(*scale)
        aspect = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            x = int(rng.integers(0, width - w + 1))
            y = int(rng.integers(0, height - h + 1))
            return x, y, w, h
    aspect = min(max(width / height, ratio[0]), ratio[1])
    w, h = min(width, round(height * aspect)), min(height, round(width / aspect))
    return (width - w) // 2, (height - h) // 2, w, h


def resized_crop(picture: np.ndarray, box: tuple[int, int, int, int], size: int) -> np.ndarray:
    """The window (x, y, width, height) of the picture, resized to [size, size, 3]."""
    x, y, width, height = box
    return resize(picture[y : y + height, x : x + width], size)


def grey(picture: np.ndarray) -> np.ndarray:
    """Luminance in all three channels."""
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def blur(picture: np.ndarray, size: int) -> np.ndarray:
    """Mean over a square of `size` pixels, an odd number."""
    return cv2.blur(picture, (size, size))


def add_noise(picture: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The picture plus noise [h, w, 3] in grey levels, clipped to 0–255."""
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def grid_shuffle(picture: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The quarters of a picture with even sides, in row order, replaced by `order` of them.

    An odd last row or column stays where it is.
    """
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    corners = [(0, 0), (0, width), (height, 0), (height, width)]
    shuffled = picture.copy()
    for (to_y, to_x), place in zip(corners, order, strict=True):
        y, x = corners[place]
        shuffled[to_y : to_y + height, to_x : to_x + width] = picture[y : y + height, x : x + width]
    return shuffled


def brightness_contrast(picture: np.ndarray, factor: float, shift: float) -> np.ndarray:
    """Every grey level times `factor` plus `shift` levels, clipped to 0–255."""
    levels = np.clip(np.arange(256) * factor + shift, 0, 255).astype(np.uint8)
    return cv2.LUT(picture, levels)


def flip(picture: np.ndarray) -> np.ndarray:
    """Mirrored left to right."""
    return picture[:, ::-1]
