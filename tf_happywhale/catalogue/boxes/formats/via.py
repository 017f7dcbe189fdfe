"""The VGG Image Annotator's CSV and JSON: regions in pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.cells import quoted, to_number
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.catalogue.boxes.formats.json_values import expect, field, parse_json
from tf_happywhale.catalogue.boxes.formats.shapes import Corners, around, around_circle
from tf_happywhale.errors import InputError

PROJECT = "_via_img_metadata"
SHAPE, ATTRIBUTES = "region_shape_attributes", "region_attributes"
NAMES = ("source", "label", "class", "category", "type", "name")  # of the attribute with the source


def is_via_table(table: pd.DataFrame) -> bool:
    """Whether a table is an export of VIA."""
    return {SHAPE, ATTRIBUTES} <= set(table.columns)


def is_via(tree: Any) -> bool:
    """Whether a JSON file is an export or a project of VIA."""
    if not isinstance(tree, dict):
        return False
    entries = list(tree.values())
    return PROJECT in tree or (
        bool(entries)
        and all(isinstance(one, dict) and {"filename", "regions"} <= set(one) for one in entries)
    )


def via_table_rows(table: pd.DataFrame, path: Path) -> list[BoxRow]:
    """The rows of a CSV. Of a polygon, circle or ellipse, the box around it is taken.

    Raises:
        InputError: a region has no area or is turned.
    """
    name = next((name for name in ("filename", "#filename") if name in table.columns), None)
    if name is None:
        raise InputError(f"{path} lacks VIA's column filename: export it again.")

    found = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        where = f"Line {line} of {path}"
        shape = parse_json(row[SHAPE] or "{}", f"{where}: {SHAPE}")
        found.append(_region(row[name], shape, parse_json(row[ATTRIBUTES] or "{}", where), where))
    return rows_with_boxes(found, CORNERS, shares=False)


def via_rows(tree: dict, path: Path) -> list[BoxRow]:
    """The rows of a JSON file; an image without regions has a row without a box.

    Raises:
        InputError: a region has no area or is turned.
    """
    found = []
    for key, entry in expect(tree.get(PROJECT, tree), dict, f"{path}: {PROJECT}").items():
        image = field(entry, "filename", str, f"{path}: {key}")
        where = f"{path}: {image}"
        parts = entry.get("regions") or []
        parts = list(parts.values()) if isinstance(parts, dict) else parts
        if not parts:
            found.append(_region(image, {}, {}, where))
        for part in expect(parts, list, f"{where}: regions"):
            shape = field(part, "shape_attributes", dict, where)
            found.append(_region(image, shape, part.get("region_attributes"), where))
    return rows_with_boxes(found, CORNERS, shares=False)


def _region(image: str, shape: Any, attributes: Any, where: str) -> RowAndNumbers:
    row = BoxRow(image, _source(attributes), where=where)
    return with_numbers(row, _corners(shape, where) if shape else None)


def _source(attributes: Any) -> str:
    """What is in a region: the attribute with a name in `NAMES`, or else the only attribute."""
    if not isinstance(attributes, dict):
        return ""
    lower = {name.strip().lower(): value for name, value in attributes.items()}
    chosen = next((lower[name] for name in NAMES if name in lower), None)
    if chosen is None and len(lower) == 1:
        chosen = next(iter(lower.values()))
    if isinstance(chosen, dict):  # check boxes
        ticked = [name for name, on in chosen.items() if on is True]
        chosen = ticked[0] if len(ticked) == 1 else None
    return chosen.strip() if isinstance(chosen, str) else ""


def _corners(shape: Any, where: str) -> Corners:
    kind = field(shape, "name", str, where)

    def value(name: str) -> float:
        return to_number(shape.get(name), f"{where}: {name}")

    if kind == "rect":
        x, y = value("x"), value("y")
        return x, y, x + value("width"), y + value("height")
    if kind in ("polygon", "polyline"):
        xs, ys = (field(shape, f"all_points_{axis}", list, where) for axis in "xy")
        if len(xs) != len(ys):
            raise InputError(
                f"{where}: {len(xs)} points across but {len(ys)} down: export it again."
            )
        return around([list(point) for point in zip(xs, ys, strict=True)], where)
    if kind == "circle":
        return around_circle(value("cx"), value("cy"), value("r"), value("r"))
    if kind == "ellipse" and not shape.get("theta"):
        return around_circle(value("cx"), value("cy"), value("rx"), value("ry"))
    raise InputError(
        f"{where} is a {quoted(kind)}, and no upright box can be made of it: draw a rectangle, or "
        "remove it."
    )
