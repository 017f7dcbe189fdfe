"""Boxes: where in a photograph the animal is, in pixels of the upright picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.table import read_text_table
from tf_happywhale.errors import InputError

COLUMNS = ("image", "source", "xmin", "ymin", "xmax", "ymax", "confidence", "origin")


@dataclass(frozen=True)
class Box:
    """Pixel rectangle of the upright picture; xmax and ymax are exclusive."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    def clip(self, width: int, height: int) -> Box | None:
        """The part inside a picture of this size, or None where nothing is left."""
        xmin, ymin = max(self.xmin, 0), max(self.ymin, 0)
        xmax, ymax = min(self.xmax, width), min(self.ymax, height)
        return Box(xmin, ymin, xmax, ymax) if xmin < xmax and ymin < ymax else None


def read_boxes(path: Path, source: str) -> dict[str, Box]:
    """The box of each image for one source, by image name.

    Among an image's rows a `manual` one wins, then the highest confidence, then the later row.
    Floats are floored (xmin, ymin) and ceiled (xmax, ymax). Rows whose corners are not all numbers
    or that have no area are no box.

    Raises:
        InputError: the file or a column is missing, or no row is of this source.
    """
    table = read_text_table(path, COLUMNS)
    rows = table[table["source"] == source]
    if rows.empty:
        sources = ", ".join(sorted(set(table["source"]))) or "none"
        raise InputError(
            f"{path} has no box of source {source!r} (it has: {sources}): "
            "set records.source to one of those, or to whole."
        )
    best: dict[str, tuple[tuple[bool, float], Box]] = {}
    for row in rows.itertuples():
        box = parse_box(row.xmin, row.ymin, row.xmax, row.ymax)
        if box is None:
            continue
        rank = (row.origin == "manual", _number(row.confidence, 0.0))
        if row.image not in best or rank >= best[row.image][0]:
            best[row.image] = (rank, box)
    return {image: box for image, (_, box) in best.items()}


def parse_box(xmin: str, ymin: str, xmax: str, ymax: str) -> Box | None:
    """A box from four cells of text, or None where they do not span an area."""
    corners = [_number(cell, math.nan) for cell in (xmin, ymin, xmax, ymax)]
    if not all(map(math.isfinite, corners)):
        return None
    left, top, right, bottom = corners
    box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return box if box.xmin < box.xmax and box.ymin < box.ymax else None


def _number(cell: str, otherwise: float) -> float:
    try:
        value = float(cell)
    except ValueError:
        return otherwise
    return otherwise if math.isnan(value) else value
