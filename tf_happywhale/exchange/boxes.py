"""Boxes in shares of the picture."""

from __future__ import annotations

from tf_happywhale.catalogue.boxes.box import Box


def shares_of(box: Box, width: int, height: int) -> list[float]:
    """Left, top, width and height of a box as shares of a picture of this size.

    They are not rounded, so that the same pixels come out again.
    """
    across, down = box.xmax - box.xmin, box.ymax - box.ymin
    return [box.xmin / width, box.ymin / height, across / width, down / height]
