"""Crops that keep their shape: the longer side gets a given length."""

from __future__ import annotations

import math

import numpy as np

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.pictures.jpeg_header import read_jpeg_header
from tf_happywhale.pictures.pixels import crop, decode, largest_reduction
from tf_happywhale.pictures.resizing import resize

ENLARGED = 2  # a small crop is enlarged by this factor at most: there is nothing more to see


def read_longer_side(
    encoded: bytes, box: Box | None, longest: int, margin: float = 0, name: str = "picture"
) -> np.ndarray:
    """Return the part of a photograph in a box, uint8 RGB [h, w, 3], upright, with its shape kept.

    A large JPEG is decoded at a half, a quarter or an eighth.

    Args:
        encoded: a photograph's file.
        box: in pixels of the upright picture; None, or one outside the picture: all of it.
        longest: the longer side of what is returned, pixels; less if the part is much smaller.
        margin: share of the box's sides by which it is widened on each side.
        name: of the photograph, for the error.

    Raises:
        InputError: the bytes are not a picture, or are cut off.
    """
    box = box and widened(box, margin)
    header, step = read_jpeg_header(encoded), 1
    if header is not None:
        width, height = header.upright
        box = (box and box.clip(width, height)) or Box(0, 0, width, height)
        step = largest_reduction(max(box.xmax - box.xmin, box.ymax - box.ymin), longest)
        box = Box(box.xmin // step, box.ymin // step, -(-box.xmax // step), -(-box.ymax // step))
    part = crop(decode(encoded, name, step), box)
    height, width = part.shape[:2]
    factor = min(longest / max(width, height), ENLARGED)
    return resize(part, max(1, round(width * factor)), max(1, round(height * factor)))


def widened(box: Box, margin: float) -> Box:
    """Return a box that is wider by a share of its width, and higher by one of its height, on each
    side. It may reach over the picture's edge."""
    across, down = (box.xmax - box.xmin) * margin, (box.ymax - box.ymin) * margin
    return Box(
        math.floor(box.xmin - across),
        math.floor(box.ymin - down),
        math.ceil(box.xmax + across),
        math.ceil(box.ymax + down),
    )
