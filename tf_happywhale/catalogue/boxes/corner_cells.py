"""The four numbers of a box in pixels as they are written: never those of shares of the picture.

A reader takes four numbers from 0 to 1 as shares. So the pixel in the corner, `0,0,1,1`, would be
read as the whole picture. Whoever writes boxes in pixels asks here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

from tf_happywhale.catalogue.animals.animal_key import animal_words
from tf_happywhale.catalogue.boxes.formats.four_numbers import PIXELS
from tf_happywhale.errors import InputError

CORNERS = ("xmin", "ymin", "xmax", "ymax")
DECIMALS = 2  # of corners that are no whole numbers


def corner_cells(corners: Sequence[float], key: str) -> dict[str, str]:
    """Return the cells of `CORNERS`.

    Args:
        corners: of a box in pixels; floats get two decimals.
        key: of the animal in the box.

    Raises:
        InputError: they would not be read as a box in pixels.
    """
    if not can_be_written(corners):
        numbers = ", ".join(f"{corner:g}" for corner in corners)
        raise InputError(
            f"{animal_words(key, {})} has the box {numbers}, which is too small: it would be read "
            "as shares of the picture, or as no box. Give it a larger box, or none."
        )
    return dict(zip(CORNERS, map(_cell, corners), strict=True))


def can_be_written(corners: Sequence[float]) -> bool:
    """Return whether the corners of a box in pixels, as they are written, are read as such."""
    if not all(map(math.isfinite, corners)):
        return False
    left, top, right, bottom = written = [float(_cell(corner)) for corner in corners]
    return left < right and top < bottom and max(map(abs, written)) >= PIXELS


def _cell(corner: float) -> str:
    return str(corner) if isinstance(corner, Integral) else f"{corner:.{DECIMALS}f}"
