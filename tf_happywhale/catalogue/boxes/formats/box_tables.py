"""Boxes in tables, told apart by their header.

| header | the four numbers |
|---|---|
| `xmin,ymin,xmax,ymax`, `x1,y1,x2,y2`, `left,top,right,bottom` | corners |
| `x,y,w,h`, `left,top,width,height`, `xmin,ymin,width,height` | left, top, size |
| `cx,cy,w,h`, `x_center,y_center,width,height` | centre, size |
| `bbox` or `box`, four numbers in a cell | see `_known_corners`, else the numbers decide |

`box_number` counts the animals of a photograph. `width,height` next to corners are those of the
picture, unless they are those of the box in every row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import box_number_of
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, is_manual
from tf_happywhale.catalogue.boxes.formats.cells import (
    boxes_in_cell,
    has_decimal_commas,
    is_empty,
    is_short_number,
    quoted,
    to_number,
)
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.catalogue.boxes.formats.four_numbers import PIXELS, FourNumbers
from tf_happywhale.catalogue.boxes.formats.plain_boxes import (
    NotPlain,
    plain_boxes,
    with_four_columns,
)
from tf_happywhale.catalogue.boxes.formats.rival_columns import check_rivals, with_rivals
from tf_happywhale.catalogue.boxes.formats.table_columns import BoxColumns, find_columns
from tf_happywhale.errors import InputError

ROUNDING = 1.5  # pixels by which a box's own size may differ from its corners


def table_rows(table: pd.DataFrame, path: Path, asked: str | None) -> list[BoxRow]:
    """The rows of a table of boxes.

    Args:
        table: all text, its index the file's line numbers.
        path: its file, for errors.
        asked: the convention of `bbox` and `box` cells, if the settings name it.

    Raises:
        InputError: the header is not of such a table, or a row is wrong or ambiguous.
    """
    columns = find_columns(map(str, table.columns), path)
    check_rivals(table, columns, path)
    return with_rivals(_rows(table, columns, path, asked), table, columns, path)


def _rows(table: pd.DataFrame, columns: BoxColumns, path: Path, asked: str | None) -> list[BoxRow]:
    """The rows of a table with these columns; see `table_rows`."""
    convention = columns.convention
    if columns.cell:
        known = CORNERS if _known_corners(columns, table[columns.cell].tolist()) else None
        convention = asked or known
    with suppress(NotPlain):
        four = with_four_columns(table, columns, convention) if columns.cell else (table, columns)
        return plain_boxes(*four, path)
    rows = table.to_dict("records")
    comma = has_decimal_commas(row[name] for name in columns.numeric for row in rows)
    found = [
        box
        for line, row in zip(table.index, rows, strict=True)
        for box in _boxes_of_row(row, columns, f"Line {line} of {path}", comma)
    ]
    if columns.cell:
        remedy = "Correct the numbers, or set data.boxes_format to corners, xywh or cxcywh."
    elif convention == CORNERS:
        remedy = "Give corners as xmin,ymin,xmax,ymax, or name the columns x,y,w,h."
    else:
        remedy = "Correct them, or name the columns cx,cy,w,h if x and y are the centre."
    if columns.size and columns.size[0].strip().lower() == "width" and convention == CORNERS:
        found = _without_own_size(found)
    return rows_with_boxes(found, convention, remedy=remedy)


def _boxes_of_row(
    row: Mapping[str, str], columns: BoxColumns, where: str, comma: bool
) -> Iterator[RowAndNumbers]:
    """The boxes of one row of the table; one without numbers if it has none."""
    about = _about(row, columns, where)
    drawn_on = _size(row, columns, where, comma)
    if columns.cell:
        fours = boxes_in_cell(row[columns.cell], f"{where}: {columns.cell}")
    else:
        fours = [_four_columns(row, columns.four, where, comma)]
    confidences = _confidences(row, columns, len(fours), where)
    for four, confidence in zip(fours or [None], confidences, strict=True):
        absent = about.manual and four is None
        own = about
        if confidence or absent:
            own = about._replace(confidence=confidence, absent=absent)
        yield with_numbers(own, four, drawn_on)
        if four and columns.angle:
            _check_upright(row[columns.angle], columns.angle, where, comma)


def _about(row: Mapping[str, str], columns: BoxColumns, where: str) -> BoxRow:
    """What a row says apart from its numbers."""
    image = row[columns.image]
    if is_empty(image):
        raise InputError(f"{where} names no image: fill in the name, or remove the row.")
    number = row[columns.number].strip() if columns.number else ""
    return BoxRow(
        image,
        row[columns.source].strip() if columns.source else "",
        manual=bool(columns.origin) and is_manual(row[columns.origin]),
        number=box_number_of(number, where) if number else 0,
        where=where,
    )


def _confidences(
    row: Mapping[str, str], columns: BoxColumns, count: int, where: str
) -> list[float]:
    """The confidence of each box of a row; 0 if it is not known."""
    text = row[columns.confidence].strip() if columns.confidence else ""
    if count == 1 and is_short_number(text):
        return [float(text)]
    if re.fullmatch(r"\d+,\d+", text):
        text = text.replace(",", ".")
    cells = [cell for cell in re.findall(r"[^\s,;\[\]()]+", text) if not is_empty(cell)]
    values = [to_number(cell, f"{where}: {columns.confidence}") for cell in cells]
    if count == 0 or not values:
        return [0.0] * max(count, 1)
    if len(values) not in (1, count):
        raise InputError(f"{where} has {count} boxes but {len(values)} confidences: correct it.")
    return values if len(values) == count else values * count


def _size(
    row: Mapping[str, str], columns: BoxColumns, where: str, comma: bool
) -> tuple[float, float] | None:
    """Width and height of the picture on which a row's box was drawn, where the row says it."""
    if columns.size is None or any(is_empty(row[name]) for name in columns.size):
        return None
    width, height = (
        to_number(row[name], f"{where}: {name}", decimal_comma=comma) for name in columns.size
    )
    return (width, height) if width > 0 and height > 0 else None


def _four_columns(
    row: Mapping[str, str], four: Sequence[str], where: str, comma: bool
) -> tuple[float, ...] | None:
    empty = [name for name in four if is_empty(row[name])]
    if len(empty) == len(four):
        return None
    if empty:
        raise InputError(
            f"{where}: {empty[0]} is empty, but not all of {','.join(four)} are: fill it in, or "
            "empty all four if there is no box."
        )
    return tuple(to_number(row[n], f"{where}: {n}", decimal_comma=comma) for n in four)


def _known_corners(columns: BoxColumns, cells: Sequence[str]) -> bool:
    """Whether header and cells are those of a data set that is known to have corners: YOLOv5's
    crops of Happywhale (`image,bbox,conf`, `[[0  103  803  656]]`), or Happywhale's catalogue with
    a box (`image,species,individual_id,box`, `0 103 803 656`)."""
    known = {
        "bbox": ({"image", "conf"}, r"\[\s*\[.*"),
        "box": ({"image", "species", "individual_id"}, r"[\d.\s-]+"),
    }
    names, form = known.get(columns.cell, (set(), ""))
    filled = [cell.strip() for cell in cells if not is_empty(cell)]
    return (
        bool(names)
        and names <= set(columns.plain)
        and all(re.fullmatch(form, cell, re.DOTALL) for cell in filled)
    )


def _check_upright(cell: str, column: str, where: str, comma: bool) -> None:
    if not is_empty(cell) and to_number(cell, f"{where}: {column}", decimal_comma=comma):
        raise InputError(
            f"{where}: the box is turned ({column} {quoted(cell)}), and only upright boxes can be "
            "read: give the upright box around it, without this column."
        )


def _without_own_size(found: list[RowAndNumbers]) -> list[RowAndNumbers]:
    """The boxes, without a picture's size if `width,height` are the size of the box itself."""
    sized = [numbers for _, numbers in found if numbers and numbers.drawn_on]
    own = [numbers for numbers in sized if _is_own_size(numbers)]
    if not own or len(own) < len(sized) or all(max(numbers.four) < PIXELS for numbers in sized):
        return found
    if all(numbers.four[0] <= ROUNDING and numbers.four[1] <= ROUNDING for numbers in sized):
        raise InputError(
            f"{sized[0].where}: width and height may be those of the picture or of the box: name "
            "them image_width,image_height, or remove them."
        )
    return [(row, numbers and FourNumbers(numbers.where, numbers.four)) for row, numbers in found]


def _is_own_size(numbers: FourNumbers) -> bool:
    left, top, right, bottom = numbers.four
    width, height = numbers.drawn_on
    return abs(right - left - width) <= ROUNDING and abs(bottom - top - height) <= ROUNDING
