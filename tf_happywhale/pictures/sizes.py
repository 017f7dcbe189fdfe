"""The size of pictures in files, without TensorFlow, and mostly without decoding them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_header import read_jpeg_header
from tf_happywhale.pictures.pixels import decode

HEAD = 2**18  # bytes in which most JPEGs say their size


def sizes_of(photographs: Mapping[str, Path]) -> dict[str, tuple[int, int]]:
    """Return the width and height of each photograph, upright, by name.

    Raises:
        InputError: one of them cannot be read.
    """
    with ThreadPoolExecutor(usable_cores()) as workers:
        return dict(zip(photographs, workers.map(size_of, photographs.values()), strict=True))


def size_of(path: Path) -> tuple[int, int]:
    """Return the width and height of a file's picture, upright.

    Raises:
        InputError: the file cannot be opened, or is not a picture.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(HEAD)
            header = read_jpeg_header(head)
            encoded = b"" if header else head + file.read()
    except OSError as error:
        raise InputError(in_words(error, path)) from None
    if header:
        return header.upright
    height, width = decode(encoded, str(path)).shape[:2]
    return width, height
