"""Pictures as uint8 RGB arrays: read, cropped, resized, encoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.catalogue.boxes.box import AnyBox, Box
from tf_happywhale.catalogue.photographs.heic_file import is_heic
from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.heic import decode_heic
from tf_happywhale.pictures.jpeg_header import is_cut_off, read_jpeg_header
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.pictures.unreadable import unreadable

REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def decode(
    encoded: bytes, name: str = "picture", reduction: int = 1, *, upright: bool = True
) -> np.ndarray:
    """Return a picture uint8 RGB [h, w, 3], from a file's bytes. The content decides the format,
    not the name.

    A `reduction` of 2, 4 or 8 makes its sides that much shorter, and a JPEG quicker to decode.
    Unless it is to be `upright`, it stays as it is stored, without its EXIF orientation; HEIC is
    always upright. Of several pictures in a file the first is read.

    Raises:
        InputError: the bytes are not a picture that can be read, or not all of one.
    """
    if is_cut_off(encoded):  # OpenCV would fill the rest with grey
        raise InputError(f"{name} is cut off: copy it again, or take it out.")
    if is_heic(encoded):
        picture = decode_heic(encoded, name)
        height, width = picture.shape[:2]
        return resize(picture, -(-width // reduction), -(-height // reduction))
    buffer = np.frombuffer(encoded, np.uint8)
    flags = REDUCED[reduction] | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        picture = cv2.imdecode(buffer, flags) if buffer.size else None
    except cv2.error:
        picture = None
    if picture is None:
        raise unreadable(encoded, name)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def read_file(path: Path) -> bytes:
    """Return a photograph's bytes.

    Raises:
        InputError: it is gone, may not be read, is a folder, or its disk fails.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(in_words(error, path)) from None


def read_picture(path: Path) -> np.ndarray:
    """Return the picture uint8 RGB [h, w, 3] in a file, upright.

    Raises:
        InputError: the file cannot be opened, or is not a picture.
    """
    return decode(read_file(path), str(path))


def read_small(path: Path, box: AnyBox | None, longest: int) -> np.ndarray:
    """Return the part of a file's picture in the box, uint8 RGB [h, w, 3], for a thumbnail: a large
    JPEG is decoded at a half, a quarter or an eighth if its longer side is still `longest`.

    Raises:
        InputError: the file cannot be opened, or is not a picture.
    """
    encoded = read_file(path)
    header = read_jpeg_header(encoded)
    if header is None:
        return crop(decode(encoded, str(path)), box)
    width, height = header.upright
    inside = (box and box.clip(width, height)) or Box(0, 0, width, height)
    step = largest_reduction(max(inside.xmax - inside.xmin, inside.ymax - inside.ymin), longest)
    reduced = Box(
        inside.xmin // step, inside.ymin // step, -(-inside.xmax // step), -(-inside.ymax // step)
    )
    return crop(decode(encoded, str(path), step), reduced)


def largest_reduction(large: int, small: int) -> int:
    """Return the largest of `decode`'s reductions that leaves `small` of a side of `large`."""
    return max(step for step in REDUCED if step == 1 or large >= step * small)


def crop(picture: np.ndarray, box: AnyBox | None) -> np.ndarray:
    """Return the part of the picture in the box, or the whole if there is no box or none of it
    inside.
    """
    height, width = picture.shape[:2]
    inside = box.clip(width, height) if box else None
    if inside is None:
        return picture
    return picture[inside.ymin : inside.ymax, inside.xmin : inside.xmax]


def encode_jpeg(picture: np.ndarray, quality: int) -> bytes:
    """Return JPEG bytes of a picture uint8 RGB [h, w, 3], without chroma subsampling (4:4:4)."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise InputError(f"A picture of shape {picture.shape} could not be written as JPEG.")
    return encoded.tobytes()
