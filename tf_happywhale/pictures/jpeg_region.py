"""Crops of a photograph, decoding no more of it than they need.

A JPEG's rows below the crops are not read, only the pixels of the region around them are computed,
and where the crops are at least twice as large as wanted, that at a half, quarter or eighth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_happywhale.catalogue.boxes.box import AnyBox, Box
from tf_happywhale.catalogue.photographs.heic_file import is_heic
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.heic import heic_size
from tf_happywhale.pictures.jpeg_header import JpegHeader, is_cut_off, read_jpeg_header
from tf_happywhale.pictures.pixels import crop, decode, largest_reduction
from tf_happywhale.pictures.resizing import resize, resize_smoothly, resize_window
from tf_happywhale.pictures.unreadable import unreadable

BORDER = 2  # pixels


def read_crops(
    encoded: bytes,
    boxes: Sequence[AnyBox | None],
    size: int,
    name: str = "picture",
    *,
    boxes_upright: bool = True,
    smooth: bool = False,
) -> list[np.ndarray]:
    """Return a crop uint8 RGB [size, size, 3] for each box, upright.

    Args:
        encoded: a photograph's file.
        boxes: where the crops are; None, or one outside the picture, takes it whole.
        size: side of the crops.
        name: of the photograph, for the error.
        boxes_upright: whether boxes are of the upright picture, or of it as it is stored.
        smooth: whether the whole picture is decoded and each crop squashed by `resize_smoothly`,
            as models of others want it.

    Raises:
        InputError: the bytes are not a picture, or are cut off.
    """
    header = read_jpeg_header(encoded)
    if smooth or header is None or header.components != 3:
        picture = decode(encoded, name, upright=boxes_upright)
        squash = resize_smoothly if smooth else resize
        crops = [squash(crop(picture, box), size) for box in boxes]
        if boxes_upright:
            return crops
        orientation = header.orientation if header else _found_orientation(encoded, picture, name)
        return [turn_upright(crop, orientation) for crop in crops]
    if is_cut_off(encoded):
        raise InputError(f"{name} is cut off: copy it again, or take it out.")
    width, height = upright_size(header) if boxes_upright else (header.width, header.height)
    stored = [(box and box.clip(width, height)) or Box(0, 0, width, height) for box in boxes]
    if boxes_upright:
        stored = [to_stored(box, header) for box in stored]
    region, step = _region(stored, header, size)
    part = _decode_region(encoded, region, step, name)
    crops = [resize_window(part, _inside(box, region, step), size) for box in stored]
    return [turn_upright(crop, header.orientation) for crop in crops]


def encode_crop(picture: np.ndarray, quality: int) -> bytes:
    """Return the JPEG bytes of a picture uint8 RGB [h, w, 3], 4:4:4; TensorFlow's way takes half
    the time of `encode_jpeg`'s.
    """
    encoded = tf.io.encode_jpeg(
        picture, format="rgb", quality=quality, chroma_downsampling=False, optimize_size=False
    )
    return encoded.numpy()


def upright_size(header: JpegHeader) -> tuple[int, int]:
    """Return the width and height of the picture when it is turned upright."""
    return header.upright


def picture_size(encoded: bytes, name: str = "picture") -> tuple[int, int]:
    """Return the width and height of a file's picture, upright; errors: see `decode`."""
    header = read_jpeg_header(encoded)
    if header:
        return upright_size(header)
    if is_heic(encoded):
        return heic_size(encoded, name)
    height, width = decode(encoded, name).shape[:2]
    return width, height


def turn_upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """Return a stored picture [h, w, 3] turned and mirrored as EXIF's orientation (1 to 8) asks."""
    picture = stored.transpose(1, 0, 2) if orientation >= 5 else stored
    across, down = _mirrored(orientation)
    picture = picture[:: -1 if down else 1, :: -1 if across else 1]
    return np.ascontiguousarray(picture)


def to_stored(box: Box, header: JpegHeader) -> Box:
    """Return a box of the upright picture, which it lies inside, in pixels of the stored one."""
    width, height = upright_size(header)
    across, down = _mirrored(header.orientation)
    left, right = (width - box.xmax, width - box.xmin) if across else (box.xmin, box.xmax)
    top, bottom = (height - box.ymax, height - box.ymin) if down else (box.ymin, box.ymax)
    turned = header.orientation >= 5
    return Box(top, left, bottom, right) if turned else Box(left, top, right, bottom)


def _found_orientation(encoded: bytes, stored: np.ndarray, name: str) -> int:
    """Return the EXIF orientation of a picture of any format: the one that makes of the stored
    picture what OpenCV decodes.
    """
    upright = decode(encoded, name)
    return next(n for n in range(1, 9) if np.array_equal(turn_upright(stored, n), upright))


def _mirrored(orientation: int) -> tuple[bool, bool]:
    """Return whether the upright picture is mirrored across and down, after rows and columns have
    changed places (orientations from 5).
    """
    return orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)


def _region(boxes: Sequence[Box], header: JpegHeader, size: int) -> tuple[Box, int]:
    """Return the part around all boxes, and the largest reduction that leaves each box at least
    `size`.
    """
    smallest = min(min(box.xmax - box.xmin, box.ymax - box.ymin) for box in boxes)
    step = largest_reduction(smallest, size)
    # In whole pixels of the reduced picture, whose last ones may reach over the edge. Colour, of
    # lower resolution, is interpolated, so that a border is decoded along.
    around = Box(
        min(box.xmin for box in boxes) // step - BORDER,
        min(box.ymin for box in boxes) // step - BORDER,
        -(-max(box.xmax for box in boxes) // step) + BORDER,
        -(-max(box.ymax for box in boxes) // step) + BORDER,
    )
    return around.clip(-(-header.width // step), -(-header.height // step)), step


def _decode_region(encoded: bytes, region: Box, step: int, name: str) -> np.ndarray:
    window = [region.ymin, region.xmin, region.ymax - region.ymin, region.xmax - region.xmin]
    try:
        part = tf.io.decode_and_crop_jpeg(
            encoded, window, channels=3, ratio=step, dct_method="INTEGER_ACCURATE"
        )
    except tf.errors.InvalidArgumentError:
        raise unreadable(encoded, name) from None
    return np.asarray(memoryview(part))


def _inside(box: Box, region: Box, step: int) -> tuple[float, float, float, float]:
    """Return a box of the full picture as left, top, right and bottom in the decoded region."""
    return (
        box.xmin / step - region.xmin,
        box.ymin / step - region.ymin,
        box.xmax / step - region.xmin,
        box.ymax / step - region.ymin,
    )
