"""The pictures of embedded images, as their columns say where they lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes import Box
from tf_happywhale.errors import InputError
from tf_happywhale.records.pictures import read_small
from tf_happywhale.retrieval.embeddings import Embeddings


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
