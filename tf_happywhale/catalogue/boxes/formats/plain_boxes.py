"""Boxes of a table that is written plainly, read column by column.

A hundred thousand rows take a tenth of the time of `box_tables.py`, which decides what a cell
means. Here are only cells that can mean one thing, and boxes that raise no question.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import box_number_of
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, is_manual
from tf_happywhale.catalogue.boxes.formats.cells import EMPTY, NUMBER
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    DECIMALS,
    corners_of,
)
from tf_happywhale.catalogue.boxes.formats.four_numbers import PIXELS
from tf_happywhale.catalogue.boxes.formats.table_columns import BoxColumns
from tf_happywhale.errors import InputError

LARGEST = 2.0**53  # up to which each whole number is a float
IN_A_CELL = re.compile(r"(?:\[\[ *)?(\d+) +(\d+) +(\d+) +(\d+)(?: *\]\])?", re.ASCII)
Read = TypeVar("Read")


class NotPlain(Exception):
    """A table that has to be read row by row."""


def plain_boxes(table: pd.DataFrame, columns: BoxColumns, path: Path) -> list[BoxRow]:
    """The rows of a table of boxes, the same as `table_rows` gives.

    Each row names an image, and has four numbers or four empty cells. The numbers are pixels.
    Confidence and number may be empty.

    Args:
        table: all text, its index the file's line numbers.
        columns: what its columns are.
        path: its file.

    Raises:
        NotPlain: a row is written in another way, or something is wrong with it.
    """
    if columns.size or columns.angle:
        raise NotPlain
    images = table[columns.image].tolist()
    if any(image.strip().lower() in EMPTY for image in images):
        raise NotPlain
    fours = np.stack([_each(table, name, _number, 0.0) for name in columns.four], axis=1)
    boxes = _boxes(fours, columns.convention)
    drawn = _each(table, columns.origin, is_manual, False)
    confidences = np.nan_to_num(_each(table, columns.confidence, _number, 0.0)).tolist()
    return [
        BoxRow(
            image,
            source,
            box,
            confidence or 0.0,  # not -0.0
            manual,
            absent=manual and box is None,
            number=number,
            where=f"Line {line} of {path}",
        )
        for image, source, box, confidence, manual, number, line in zip(
            images,
            _each(table, columns.source, str.strip, ""),
            boxes,
            confidences,
            drawn,
            _each(table, columns.number, _box_number, 0),
            table.index.tolist(),
            strict=True,
        )
    ]


def with_four_columns(
    table: pd.DataFrame, columns: BoxColumns, convention: str | None
) -> tuple[pd.DataFrame, BoxColumns]:
    """A table whose boxes are corners in one cell, such as `[[0 103 803 656]]`, as one with four
    columns. A row without a box has no confidence.

    Raises:
        NotPlain: they are not corners, or a cell is written in another way.
    """
    if convention != CORNERS:
        raise NotPlain
    known = {cell: _in_a_cell(cell) for cell in set(table[columns.cell].tolist())}
    fours = [known[cell] for cell in table[columns.cell].tolist()]
    four = tuple(f"corner {n} of {columns.cell}" for n in range(4))
    more = {name: [box[n] for box in fours] for n, name in enumerate(four)}
    if columns.confidence:
        _each(table, columns.confidence, _number, 0.0)  # without a box it must be a number too
        told = zip(table[columns.confidence].tolist(), fours, strict=True)
        more[columns.confidence] = [cell if any(box) else "" for cell, box in told]
    columns = replace(columns, four=four, convention=CORNERS, cell=None)
    return table.assign(**more), columns


def _in_a_cell(cell: str) -> tuple[str, ...]:
    """The four numbers of a cell, as text; four empty texts if it is empty."""
    if cell.strip().lower() in EMPTY:
        return ("",) * 4
    found = IN_A_CELL.fullmatch(cell.strip())
    if found is None or cell.strip().startswith("[") != cell.strip().endswith("]"):
        raise NotPlain
    return found.groups()


def _each(
    table: pd.DataFrame, name: str | None, convert: Callable[[str], Read], without: Read
) -> list[Read]:
    """What each cell of a column means; `without` in a table without it. The same cells are
    converted once."""
    if name is None:
        return [without] * len(table)
    cells = table[name].tolist()
    known = {cell: convert(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _number(cell: str) -> float:
    """The number in a cell; not a number if it is empty."""
    if not cell:
        return np.nan
    if not NUMBER.fullmatch(cell) or math.isinf(number := float(cell)):
        raise NotPlain
    return number


def _box_number(cell: str) -> int:
    try:
        return box_number_of(cell, "") if cell.strip() else 0
    except InputError:
        raise NotPlain from None


def _boxes(fours: np.ndarray, convention: str) -> list[Box | None]:
    """The boxes of four numbers [n, 4] float64; None where all four are missing.

    Raises:
        NotPlain: numbers are not pixels, or are not those of a box.
    """
    there = ~np.isnan(fours).all(axis=1)
    largest = np.abs(fours[there]).max(axis=1)
    if not ((largest >= PIXELS) & (largest < LARGEST)).all():  # some are missing, or shares
        raise NotPlain
    left, top, right, bottom = fours[there].T
    nothing = ((right <= left) | (bottom <= top)) & ((right <= 0) | (bottom <= 0))
    corners = np.stack(corners_of((left, top, right, bottom), convention), axis=1)
    if (corners != np.floor(corners)).any():  # NumPy rounds another way than Python
        corners = np.array([[round(one, DECIMALS) for one in four] for four in corners.tolist()])
    if nothing.any() or (corners[:, 2:] <= corners[:, :2]).any():
        raise NotPlain
    whole = np.concatenate([np.floor(corners[:, :2]), np.ceil(corners[:, 2:])], axis=1)
    found = iter(whole.astype(np.int64).tolist())
    return [Box(*next(found)) if one else None for one in there.tolist()]
