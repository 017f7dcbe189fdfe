"""Boxes in shares of the picture, and the size of pictures, which they need."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.cores import usable_cores
from tf_happywhale.pictures.jpeg_header import read_jpeg_header
from tf_happywhale.pictures.pixels import decode, read_file


def shares_of(box: Box, width: int, height: int) -> list[float]:
    """Left, top, width and height of a box as shares of a picture of this size.

    They are not rounded, so that the same pixels come out again.
    """
    across, down = box.xmax - box.xmin, box.ymax - box.ymin
    return [box.xmin / width, box.ymin / height, across / width, down / height]


def sizes_of(photographs: Mapping[str, Path]) -> dict[str, tuple[int, int]]:
    """Width and height of each photograph, upright, by name.

    Raises:
        InputError: one of them cannot be read.
    """
    with ThreadPoolExecutor(usable_cores()) as workers:
        sizes = workers.map(_size, photographs.values())
        return dict(zip(photographs, sizes, strict=True))


def _size(path: Path) -> tuple[int, int]:
    encoded = read_file(path)
    header = read_jpeg_header(encoded)
    if header:
        return header.upright
    height, width = decode(encoded, str(path)).shape[:2]
    return width, height
