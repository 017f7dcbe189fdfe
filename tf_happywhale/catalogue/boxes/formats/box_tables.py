"""Boxes in tables, told apart by their header.

| header | the four numbers |
|---|---|
| `xmin,ymin,xmax,ymax`, `x1,y1,x2,y2`, `left,top,right,bottom` | corners |
| `x,y,w,h`, `left,top,width,height`, `xmin,ymin,width,height` | left, top, size |
| `cx,cy,w,h`, `x_center,y_center,width,height` | middle, size |
| `bbox` or `box`, four numbers in a cell | `_convention_of_cells` |

`box_number` counts the animals of a photograph. `width,height` beside corners are the picture's,
unless they are the box's in every row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, box_number_of
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, is_manual
from tf_happywhale.catalogue.boxes.formats.cells import (
    has_decimal_commas,
    is_empty,
    quoted,
    to_number,
)
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    CXCYWH,
    PIXELS,
    XYWH,
    FourNumbers,
    rows_with_boxes,
)
from tf_happywhale.errors import InputError

IMAGES = "image filename file_name file path image_path filepath image_name imagename img image_id"
SOURCES = "source label class category class_name label_name"
SURES = "confidence conf score"
LEFT = "xmin x_min x1 left xtl bbox_x1 bbox_xmin"
TOP = "ymin y_min y1 top ytl bbox_y1 bbox_ymin"
RIGHT = "xmax x_max x2 right xbr bbox_x2 bbox_xmax"
LOW = "ymax y_max y2 bottom ybr bbox_y2 bbox_ymax"
MIDDLE_X = "cx xc x_center center_x xcenter x_centre centre_x bbox_cx"
MIDDLE_Y = "cy yc y_center center_y ycenter y_centre centre_y bbox_cy"
WIDE = "w bbox_w box_w bbox_width box_width width"
HIGH = "h bbox_h box_h bbox_height box_height height"
CELLS = "bbox box bounding_box bboxes boxes"
ANGLES = "theta angle rotation bbox_theta bbox_angle rotation_angle"
PICTURE_WIDE = "image_width img_width imagewidth picture_width img_w image_w width"
PICTURE_HIGH = "image_height img_height imageheight picture_height img_h image_h height"
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
    names = _names(table)
    image = _first(names, IMAGES)
    corners, convention = _number_columns(names)
    cells = None if corners else _first(names, CELLS)
    if image is None or not (corners or cells):
        header = quoted(",".join(map(str, table.columns)))
        raise InputError(
            f"{path} is not a table of boxes that can be read, its header is {header}: "
            "name the columns image,source,xmin,ymin,xmax,ymax,confidence,origin."
        )
    rows = table.to_dict("records")
    where = [f"{path} line {line}" for line in table.index]
    sizes = _pairs(names, corners, PICTURE_WIDE, PICTURE_HIGH)
    angle = _first(names, ANGLES)
    number_columns = [*corners, *(sizes or ()), *([angle] if angle else [])]
    comma = has_decimal_commas(row[name] for name in number_columns for row in rows)
    found: list[tuple[BoxRow, FourNumbers | None]] = []
    for place, row in zip(where, rows, strict=True):
        about = _about(row, names, row[image], place)
        drawn_on = _size(row, sizes, place, comma)
        if cells:
            fours = _cell_numbers(row[cells], f"{place}: {cells}")
            sure = _sure(row, names, len(fours), place)
            several = [FourNumbers(place, four, drawn_on) for four in fours] or [None]
        else:
            sure = _sure(row, names, 1, place)
            several = [_column_numbers(row, corners, place, drawn_on, comma)]
        for numbers, confidence in zip(several, sure, strict=True):
            absent = about.manual and numbers is None
            filled = replace(about, confidence=confidence, absent=absent)
            found.append((filled, numbers))
            if numbers and angle:
                _check_upright(row[angle], angle, place, comma)
    remedy = "give left, top, right, bottom, or name the columns x,y,w,h if they are a size."
    if convention != CORNERS:
        remedy = "correct them, or name the columns cx,cy,w,h if x and y are the middle."
    if cells:
        convention = asked or _convention_of_cells(cells, names, [row[cells] for row in rows])
        remedy = "correct the numbers, or set data.boxes_format to corners, xywh or cxcywh."
    if sizes and sizes[0].strip().lower() == "width" and convention == CORNERS:
        found = _without_own_size(found)
    return rows_with_boxes(found, convention, remedy=remedy)


def _names(table: pd.DataFrame) -> dict[str, str]:
    """The table's columns by their plain names: `#Image Name` is `image_name`."""
    plain: dict[str, str] = {}
    for column in table.columns:
        name = re.sub(r"[\s-]+", "_", str(column).strip().lstrip("#").strip().lower())
        plain.setdefault(name, column)
    return plain


def _first(names: Mapping[str, str], among: str) -> str | None:
    return next((names[name] for name in among.split() if name in names), None)


def _number_columns(names: Mapping[str, str]) -> tuple[list[str], str | None]:
    """The four columns of a box and their convention; empty if the box is in one cell."""
    layouts = [
        ((LEFT, TOP, RIGHT, LOW), CORNERS),
        ((MIDDLE_X, MIDDLE_Y, WIDE, HIGH), CXCYWH),
        ((f"x bbox_x box_x {LEFT}", f"y bbox_y box_y {TOP}", WIDE, HIGH), XYWH),
    ]
    for layout, convention in layouts:
        columns = [_first(names, among) for among in layout]
        if all(columns):
            return columns, convention
    return [], None


def _pairs(
    names: Mapping[str, str], taken: Sequence[str], wide: str, high: str
) -> tuple[str, str] | None:
    """The columns of the picture's width and height, without those that are in use."""
    free = {name: column for name, column in names.items() if column not in taken}
    columns = _first(free, wide), _first(free, high)
    return columns if all(columns) else None


def _about(row: Mapping[str, str], names: Mapping[str, str], image: str, place: str) -> BoxRow:
    if is_empty(image):
        raise InputError(f"{place}: the row names no image: fill in the name, or take it out.")
    source, origin = _first(names, SOURCES), _first(names, "origin")
    number = row[names[BOX_NUMBER]].strip() if BOX_NUMBER in names else ""
    return BoxRow(
        image,
        row[source].strip() if source else "",
        None,
        0.0,
        is_manual(row[origin]) if origin else False,
        number=box_number_of(number, place) if number else 0,
        where=place,
    )


def _sure(row: Mapping[str, str], names: Mapping[str, str], count: int, place: str) -> list[float]:
    """The confidence of each box of a row, 0 if it is not known."""
    column = _first(names, SURES)
    text = row[column].strip() if column else ""
    if re.fullmatch(r"\d+,\d+", text):
        text = text.replace(",", ".")
    cells = [cell for cell in re.findall(r"[^\s,;\[\]()]+", text) if not is_empty(cell)]
    values = [to_number(cell, f"{place}: {column}") for cell in cells]
    if count == 0 or not values:
        return [0.0] * max(count, 1)
    if len(values) not in (1, count):
        raise InputError(f"{place} has {count} boxes but {len(values)} confidences: correct it.")
    return values if len(values) == count else values * count


def _size(
    row: Mapping[str, str], columns: tuple[str, str] | None, place: str, comma: bool
) -> tuple[float, float] | None:
    """Width and height of the picture that a row's box was drawn on, where the row says it."""
    if columns is None or any(is_empty(row[name]) for name in columns):
        return None
    width, height = (
        to_number(row[name], f"{place}: {name}", decimal_comma=comma) for name in columns
    )
    return (width, height) if width > 0 and height > 0 else None


def _column_numbers(
    row: Mapping[str, str],
    columns: Sequence[str],
    place: str,
    drawn_on: tuple[float, float] | None,
    comma: bool,
) -> FourNumbers | None:
    empty = [name for name in columns if is_empty(row[name])]
    if len(empty) == len(columns):
        return None
    if empty:
        raise InputError(
            f"{place}: {empty[0]} is empty, but not all of {','.join(columns)}: fill it in, or "
            "empty all four if there is no box."
        )
    four = [to_number(row[name], f"{place}: {name}", decimal_comma=comma) for name in columns]
    return FourNumbers(place, tuple(four), drawn_on)


def _cell_numbers(cell: str, what: str) -> list[tuple[float, float, float, float]]:
    """The boxes of one cell: `[[0 103 803 656]]`, `[1, 2, 3, 4]`, `0 103 803 656`."""
    if is_empty(cell):
        return []
    cell = re.sub(r"\bnp\.(?:float|u?int)\d+\(([^()]*)\)", r"\1", cell)  # as NumPy 2 writes lists
    groups = re.findall(r"[\[(]([^\[\]()]*)[\])]", cell) or [cell]
    fours = []
    for group in groups:
        texts = [text for text in re.split(r"[\s,;]+", group) if text]
        if texts and all(map(is_empty, texts)):
            continue
        if len(texts) == 5:
            raise InputError(
                f"{what} {quoted(cell)} has five numbers, as a turned box has: give four numbers, "
                "of an upright box."
            )
        if len(texts) != 4:
            raise InputError(f"{what} {quoted(cell)} must be four numbers.")
        fours.append(tuple(to_number(text, what) for text in texts))
    return fours


def _convention_of_cells(column: str, names: Mapping[str, str], cells: list[str]) -> str | None:
    """Corners, if cells and header are those of a data set that is known to have corners: YOLOv5's
    crops of Happywhale (`image,bbox,conf`, `[[0  103  803  656]]`), and Happywhale's catalogue with
    a box (`image,species,individual_id,box`, `0 103 803 656`). Else None: the numbers decide."""
    filled = [cell.strip() for cell in cells if not is_empty(cell)]
    yolo = column == "bbox" and {"image", "conf"} <= set(names)
    if yolo and all(re.match(r"\[\s*\[", cell) for cell in filled):
        return CORNERS
    catalogue = column == "box" and {"image", "species", "individual_id"} <= set(names)
    if catalogue and all(re.fullmatch(r"[\d.\s-]+", cell) for cell in filled):
        return CORNERS
    return None


def _check_upright(cell: str, column: str, place: str, comma: bool) -> None:
    turned = not is_empty(cell) and to_number(cell, f"{place}: {column}", decimal_comma=comma)
    if turned:
        raise InputError(
            f"{place}: the box is turned ({column} {quoted(cell)}), and only upright boxes can be "
            "read: give the upright box around it, without this column."
        )


def _without_own_size(
    found: list[tuple[BoxRow, FourNumbers | None]],
) -> list[tuple[BoxRow, FourNumbers | None]]:
    """The boxes, without a picture's size if `width,height` are the size of the box itself."""
    sized = [numbers for _, numbers in found if numbers and numbers.drawn_on]
    own = [numbers for numbers in sized if _is_own_size(numbers)]
    if not own or len(own) < len(sized) or all(max(numbers.four) < PIXELS for numbers in sized):
        return found
    if all(numbers.four[0] <= ROUNDING and numbers.four[1] <= ROUNDING for numbers in sized):
        raise InputError(
            f"{sized[0].where}: width and height may be the picture's or the box's: name them "
            "image_width,image_height, or leave them out."
        )
    return [(row, numbers and FourNumbers(numbers.where, numbers.four)) for row, numbers in found]


def _is_own_size(numbers: FourNumbers) -> bool:
    left, top, right, bottom = numbers.four
    width, height = numbers.drawn_on
    return abs(right - left - width) <= ROUNDING and abs(bottom - top - height) <= ROUNDING
