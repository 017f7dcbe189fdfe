"""Columns of a table of boxes that may mean the same. Where they differ, nobody can tell which one
counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.boxes.formats.cells import is_empty
from tf_happywhale.catalogue.boxes.formats.table_columns import LAYOUTS, BoxColumns, plain_name
from tf_happywhale.errors import InputError


def check_rivals(table: pd.DataFrame, columns: BoxColumns, path: Path) -> None:
    """Raise InputError if a column that is read has a rival with other cells: `Xmin` beside `xmin`,
    or `x1` beside `xmin`. Empty cells of a rival say nothing.

    Args:
        table: all text, its index the file's line numbers.
        columns: what is read of it.
        path: its file, for the error.
    """
    for column, rival in _rivals(list(map(str, table.columns)), columns):
        for line, one, other in zip(table.index, table[column], table[rival], strict=True):
            if not _agree(one, other):
                raise InputError(
                    f"Line {line} of {path} has {one[:40]!r} in the column {column!r} but "
                    f"{other[:40]!r} in {rival!r}, and each may be meant: rename one of the "
                    "columns, or remove it."
                )


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
