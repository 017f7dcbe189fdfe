"""Photographs shrunk into the grey square that the network reads, and boxes on the way back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.detection.detections import Detection
from tf_happywhale.pictures.jpeg_header import read_jpeg_header
from tf_happywhale.pictures.pixels import decode, largest_reduction, read_file
from tf_happywhale.pictures.resizing import resize

GREY = 114  # as in YOLO
STRIDE = 64  # of the coarsest map of networks with four scales; other networks have 32


@dataclass(frozen=True)
class Letterbox:
    """A photograph in its square.

    Attributes:
        picture: uint8 RGB [side, side, 3].
        width, height: of the upright photograph, pixels.
        inside: left, top, right and bottom of the photograph in the square, pixels.
    """

    picture: np.ndarray
    width: int
    height: int
    inside: tuple[int, int, int, int]

    def back(self, found: Detection) -> Detection | None:
        """Return a box of the square as a box of the photograph; None if it lies outside."""
        left, top, right, bottom = self.inside
        across, down = self.width / (right - left), self.height / (bottom - top)
        xmin, xmax = (
            min(max((x - left) * across, 0.0), self.width) for x in (found.xmin, found.xmax)
        )
        ymin, ymax = (
            min(max((y - top) * down, 0.0), self.height) for y in (found.ymin, found.ymax)
        )
        if xmin >= xmax or ymin >= ymax:
            return None
        return Detection(found.source, xmin, ymin, xmax, ymax, found.confidence)


def square_side(image_size: int) -> int:
    """Return the side of the square: `image_size`, rounded up to a multiple of `STRIDE`."""
    return -(-image_size // STRIDE) * STRIDE


def read_photograph(path: Path, longest: int) -> tuple[np.ndarray, int, int]:
    """Return an upright photograph, uint8 RGB [h, w, 3], and its width and height in the file.

    If its longer side is above `longest`, it is shrunk to that; a JPEG is decoded at a smaller size
    if that is enough.

    Raises:
        InputError: the file cannot be opened, or is not a picture that can be read.
    """
    encoded = read_file(path)
    header, step = read_jpeg_header(encoded), 1
    if header:
        step = largest_reduction(max(header.width, header.height), longest)
    picture = decode(encoded, str(path), step)
    height, width = picture.shape[:2]
    if header:
        width, height = header.upright
    shrink = longest / max(width, height)
    if shrink < 1:
        picture = resize(picture, max(1, round(width * shrink)), max(1, round(height * shrink)))
    return picture, width, height


def letterbox(path: Path, side: int) -> Letterbox:
    """Return a photograph in the middle of a grey square, as large as possible.

    Raises:
        InputError: the file cannot be opened, or is not a picture that can be read.
    """
    picture, width, height = read_photograph(path, side)
    scale = side / max(picture.shape[:2])
    across, down = (max(1, round(picture.shape[axis] * scale)) for axis in (1, 0))
    left, top = (side - across) // 2, (side - down) // 2
    square = np.full((side, side, 3), GREY, np.uint8)
    square[top : top + down, left : left + across] = resize(picture, across, down)
    return Letterbox(square, width, height, (left, top, left + across, top + down))
