"""Columns of a table of boxes that may mean the same. Where they differ, nobody can tell which one
counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.cells import boxes_in_cell, is_empty
from tf_happywhale.catalogue.boxes.formats.conventions import CORNERS, CXCYWH, XYWH, corners_of
from tf_happywhale.catalogue.boxes.formats.table_columns import (
    CELL,
    IMAGE,
    LAYOUTS,
    BoxColumns,
    plain_name,
)
from tf_happywhale.errors import InputError

ROUNDING = 1.5  # pixels by which one box may differ in two columns


def check_rivals(table: pd.DataFrame, columns: BoxColumns, path: Path) -> None:
    """Raise InputError if a column that is read has a rival with other cells: `Xmin` beside `xmin`,
    or `x1` beside `xmin`, or a box in a cell beside four columns. Empty cells of a rival say
    nothing.

    Args:
        table: all text, its index the file's line numbers.
        columns: what is read of it.
        path: its file, for the error.
    """
    for column, rival in _rivals(list(map(str, table.columns)), columns):
        for line, one, other in zip(table.index, table[column], table[rival], strict=True):
            if not _agree(one, other):
                raise _either(line, path, column, one, rival, other)
    for cell in _named(columns, CELL) if columns.four else ():
        for line, row in zip(table.index, table[[*columns.four, cell]].to_numpy(str), strict=True):
            *four, other = row.tolist()
            if not _same_box(four, columns.convention, other):
                names = ",".join(columns.four)
                raise _either(line, path, names, ",".join(four), cell, other)


def with_rivals(
    rows: list[BoxRow], table: pd.DataFrame, columns: BoxColumns, path: Path
) -> list[BoxRow]:
    """The rows of a table with what its other columns of images say, if it has any."""
    others = [column for column in _named(columns, IMAGE) if column != columns.image]
    if not others:
        return rows
    cells = table[[columns.image, *others]].to_numpy(str).tolist()
    told = {
        f"Line {line} of {path}": tuple(cell for cell in rest if cell.strip() != own.strip())
        for line, (own, *rest) in zip(table.index, cells, strict=True)
    }
    return [row._replace(rivals=told[row.where]) for row in rows]


def _named(columns: BoxColumns, names: str) -> list[str]:
    return [columns.plain[name] for name in names.split() if name in columns.plain]


def _either(line: int, path: Path, column: str, one: str, rival: str, other: str) -> InputError:
    return InputError(
        f"Line {line} of {path} has {one[:40]!r} in the column {column!r} but {other[:40]!r} in "
        f"{rival!r}, and each may be meant: rename one of the columns, or remove it."
    )


def _same_box(four: Sequence[str], convention: str, cell: str) -> bool:
    """Whether four cells are one of the boxes in a cell, by any of its meanings. A cell of shares,
    of no boxes, or beside cells that are no numbers, says nothing."""
    try:
        boxes = boxes_in_cell(cell, "")
        if all(map(is_empty, four)):
            return not boxes
        own = corners_of(tuple(map(float, four)), convention)
    except (InputError, ValueError):
        return True
    if all(abs(number) <= 1 for box in boxes for number in box):
        return True
    meant = [corners_of(box, kind) for box in boxes for kind in (CORNERS, XYWH, CXCYWH)]
    return any(all(abs(a - b) <= ROUNDING for a, b in zip(own, one, strict=True)) for one in meant)


def _rivals(header: list[str], columns: BoxColumns) -> Iterator[tuple[str, str]]:
    """Yield columns that are read, each with another one that may mean the same."""
    layouts = {kind: layout for layout, kind in LAYOUTS}
    meant = [(column, "") for column in (
        columns.image, columns.cell, columns.source, columns.confidence, columns.origin,
        columns.number, columns.angle,
    ) if column]  # fmt: skip
    if columns.four:
        meant += zip(columns.four, layouts[columns.convention], strict=True)
    read = {column for column, _ in meant} | set(columns.size or ())
    for column, names in meant:
        wanted = {plain_name(column), *names.split()}
        for other in header:
            if other not in read and plain_name(other) in wanted:
                yield column, other


def _agree(one: str, other: str) -> bool:
    if one.strip() == other.strip() or is_empty(other):
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False
