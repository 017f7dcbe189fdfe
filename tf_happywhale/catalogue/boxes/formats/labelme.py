"""LabelMe's JSON: one file for each picture, shapes in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.annotated_picture import annotated_picture
from tf_happywhale.catalogue.boxes.formats.cells import quoted
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.catalogue.boxes.formats.json_values import field, size_of
from tf_happywhale.catalogue.boxes.formats.shapes import Corners, around, around_circle, is_upright
from tf_happywhale.errors import InputError


def is_labelme(tree: Any) -> bool:
    """Whether a JSON file is in this format."""
    return isinstance(tree, dict) and isinstance(tree.get("shapes"), list) and "imagePath" in tree


def labelme_rows(trees: Sequence[tuple[Path, dict]], folder: Path) -> list[BoxRow]:
    """The rows of LabelMe's files. A picture without shapes has a row without a box. Of a polygon
    or a circle, the box around it is taken.

    Args:
        trees: the files with what they hold.
        folder: to which the pictures' names are relative.

    Raises:
        InputError: a shape has no area or is turned, or a file is of a picture of another name.
    """
    found: list[RowAndNumbers] = []
    for file, tree in trees:
        image = annotated_picture(field(tree, "imagePath", str, str(file)), file, folder)
        size = size_of(tree, "imageWidth", "imageHeight")
        if not tree["shapes"]:
            found.append((BoxRow(image, where=str(file)), None))
        for place, shape in enumerate(tree["shapes"], start=1):
            where = f"{file}: shape {place}"
            row = BoxRow(image, field(shape, "label", str, where).strip(), where=where)
            found.append(with_numbers(row, _corners(shape, where), size))
    return rows_with_boxes(found, CORNERS, shares=False)


def _corners(shape: dict, where: str) -> Corners:
    kind = shape.get("shape_type") or "polygon"  # LabelMe's first files had no other
    points = field(shape, "points", list, where)
    corners = around(points, where)
    if kind in ("rectangle", "mask") and is_upright(points):
        return corners
    if kind == "polygon" and len(points) > 2:
        return corners
    if kind == "circle" and len(points) == 2:
        middle, edge = points
        radius = math.dist(middle, edge)
        return around_circle(*middle, radius, radius)
    raise InputError(
        f"{where} is a {quoted(kind)} of {len(points)} points, and no upright box can be made "
        "of it: draw a rectangle, or remove it."
    )
