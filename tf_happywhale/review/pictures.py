"""The pictures of embedded images, as their columns say where they lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animal import split_key
from tf_happywhale.catalogue.boxes import Box
from tf_happywhale.errors import InputError
from tf_happywhale.records.jpeg_header import read_jpeg_header
from tf_happywhale.records.pictures import read_file, read_small
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.overlay import number_boxes


def whole_reader(images: Embeddings, longest: int) -> Callable[[str], np.ndarray]:
    """A function from an animal's key to its whole photograph, uint8 RGB [h, w, 3], in which the
    boxes of all its animals are drawn with their numbers, this one's thick.

    It raises InputError where the picture is not there, or cannot be read.
    """
    boxes: dict[str, dict[int, Box]] = {}
    paths: dict[str, str] = {}
    for key, picture, box in zip(
        images.image.tolist(),
        images.column("picture").tolist(),
        images.column("box").tolist(),
        strict=True,
    ):
        photograph, number = split_key(key)
        paths[photograph] = picture
        if box:
            corners = (int(corner) for corner in box.split(" ")[-4:])
            boxes.setdefault(photograph, {})[number] = Box(*corners)

    def read(key: str) -> np.ndarray:
        photograph, number = split_key(key)
        path = Path(paths[photograph])
        picture = read_small(path, None, longest)
        header = read_jpeg_header(read_file(path))  # only a JPEG comes smaller than it is
        width = picture.shape[1]
        if header:
            width = header.height if header.orientation >= 5 else header.width
        return number_boxes(picture, width, boxes.get(photograph, {}), number, longest)

    return read


def picture_reader(images: Embeddings, longest: int) -> Callable[[str], np.ndarray]:
    """A function from an image's name to its crop uint8 RGB [h, w, 3], for a thumbnail.

    It raises InputError where the picture is not there, or cannot be read.
    """
    places = zip(images.column("picture").tolist(), images.column("box").tolist(), strict=True)
    known = dict(zip(images.image.tolist(), places, strict=True))

    def read(image: str) -> np.ndarray:
        picture, box = known.get(image, ("", ""))
        if not picture:
            raise InputError(f"Where the picture of {image} lies is not known.")
        corners = [int(number) for number in box.split(" ")[-4:]] if box else None
        return read_small(Path(picture), Box(*corners) if corners else None, longest)

    return read
