"""The pictures of embedded images, read from the paths in the embeddings' columns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_text import parse_box
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_header import read_jpeg_header
from tf_happywhale.pictures.pixels import read_file, read_small
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.overlay import number_boxes


def whole_reader(images: Embeddings, longest: int) -> Callable[[str], np.ndarray]:
    """Return a function from an animal's key to its whole photograph, uint8 RGB [h, w, 3], with the
    numbered boxes of all its animals; this animal's box is thick.

    The function raises InputError if the picture is missing or cannot be read.
    """
    boxes: dict[str, dict[int, Box]] = {}
    paths: dict[str, tuple[Path, str]] = {}
    columns = (images.column(name).tolist() for name in ("picture", "box", "content"))
    for key, picture, box, content in zip(images.image.tolist(), *columns, strict=True):
        photograph, number = split_key(key)
        paths[photograph] = Path(picture), content
        if box:
            boxes.setdefault(photograph, {})[number] = parse_box(box)[1]

    def read(key: str) -> np.ndarray:
        photograph, number = split_key(key)
        path, content = paths[photograph]
        check_content(path, content, photograph)
        picture = read_small(path, None, longest)
        header = read_jpeg_header(read_file(path))  # only JPEGs are decoded at a smaller size
        width = picture.shape[1]
        if header:
            width = header.upright[0]
        return number_boxes(picture, width, boxes.get(photograph, {}), number, longest)

    return read


def picture_reader(images: Embeddings, longest: int) -> Callable[[str], np.ndarray]:
    """Return a function from an image's name to its crop for a thumbnail, uint8 RGB [h, w, 3].

    The function raises InputError if the picture is missing, cannot be read, or is not the one that
    was embedded, so that no other photograph is shown under an animal's name.
    """
    columns = (images.column(name).tolist() for name in ("picture", "box", "content"))
    known = dict(zip(images.image.tolist(), zip(*columns, strict=True), strict=True))

    def read(image: str) -> np.ndarray:
        picture, box, content = known.get(image, ("", "", ""))
        if not picture:
            raise InputError(f"The path of the picture of {image} is not known.")
        check_content(Path(picture), content, image)
        return read_small(Path(picture), parse_box(box)[1] if box else None, longest)

    return read


def check_content(path: Path, content: str, image: str) -> None:
    """Raise InputError if a file's SHA-256 is not `content`; an empty `content` is not checked."""
    if content and hashlib.sha256(read_file(path)).hexdigest() != content:
        raise InputError(f"{path} is not the picture that was embedded as {image}.")
