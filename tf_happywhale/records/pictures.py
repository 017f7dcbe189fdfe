"""Pictures as uint8 RGB arrays: read, cropped, resized, encoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.catalogue.boxes import Box
from tf_happywhale.errors import InputError

# Images are worked on many at a time, one thread each; OpenCV's own threads would only get in
# the way of one another.
cv2.setNumThreads(0)


def decode(encoded: bytes, name: str = "picture") -> np.ndarray:
    """A picture uint8 RGB [h, w, 3], upright (EXIF orientation applied), from a file's bytes.

    Raises:
        InputError: the bytes are no picture that can be read.
    """
    buffer = np.frombuffer(encoded, np.uint8)
    try:
        picture = cv2.imdecode(buffer, cv2.IMREAD_COLOR) if buffer.size else None
    except cv2.error:
        picture = None
    if picture is None:
        raise InputError(f"{name} cannot be read as a picture: replace it or take it out.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def read_picture(path: Path) -> np.ndarray:
    """The picture uint8 RGB [h, w, 3] in a file, upright.

    Raises:
        InputError: the file is missing or no picture.
    """
    try:
        encoded = Path(path).read_bytes()
    except OSError:
        raise InputError(f"There is no picture {path}.") from None
    return decode(encoded, str(path))


def crop(picture: np.ndarray, box: Box | None) -> np.ndarray:
    """The part of the picture in the box; the whole where there is no box or none of it inside."""
    height, width = picture.shape[:2]
    inside = box.clip(width, height) if box else None
    if inside is None:
        return picture
    return picture[inside.ymin : inside.ymax, inside.xmin : inside.xmax]


def resize(picture: np.ndarray, size: int) -> np.ndarray:
    """The picture squashed to a square [size, size, 3], averaged over area where it shrinks."""
    height, width = picture.shape[:2]
    smaller = (min(width, size), min(height, size))
    if smaller != (width, height):
        picture = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
    if smaller != (size, size):
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR)
    return picture


def encode_jpeg(picture: np.ndarray, quality: int) -> bytes:
    """JPEG bytes of a picture uint8 RGB [h, w, 3], without chroma subsampling (4:4:4)."""
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
