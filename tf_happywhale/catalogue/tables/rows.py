"""The rows of a table's text. The header decides what separates the cells."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tf_happywhale.catalogue.tables.csv_rows import CsvRow, csv_rows, plain_rows
from tf_happywhale.catalogue.tables.header import find_header
from tf_happywhale.errors import InputError


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes:
        separator: between cells.
        spaced: whether a space follows each separator.
        line_end: of its header.
        quoted: whether every cell is in quotes.
    """

    separator: str = ","
    spaced: bool = False
    line_end: str = "\n"
    quoted: bool = False


@dataclass(frozen=True)
class Rows:
    """A table's cells as text.

    Attributes:
        header: names of the columns, as in the file.
        line: where the header is in the file, from 1.
        lines: the line on which each row begins.
        cells: of each row, as many as the header has.
        dialect: None for a spreadsheet.
    """

    header: list[str]
    line: int
    lines: list[int]
    cells: list[list[str]]
    dialect: Dialect | None = None


def read_rows(text: str, path: Path, fits: Callable[[Sequence[str]], int]) -> Rows:
    """The rows of a text; rows without any text are left out.

    Args:
        text: of the file.
        path: the file, for errors.
        fits: how many cells a row needs under a header of these cells; 0 if the header lacks a
            column that is wanted.

    Raises:
        InputError: rows have more or fewer cells than the header, a quote is not closed, or the
            header can be read in two ways.
    """
    line, separator = find_header(text, path, fits)
    names = next(csv_rows(text, path, separator, True, line)).cells
    needed = fits(names)
    if not needed:
        return Rows([name.strip() for name in names], line, [], [])
    spaced = _is_spaced(text, path, separator, line)
    plain = plain_rows(text, separator, spaced, line)
    if plain:
        (_, *lines), ([*names], *cells) = plain
        end = "\r\n" if "\r" in text else "\n"
        quoted = False
    else:
        header, *rest = csv_rows(text, path, separator, spaced, line)
        _check_ends([header, *rest], path)
        rows = [row for row in rest if row.has_text]
        count, names, end = len(header.cells), header.cells, header.end or "\n"
        for row in rows:
            _check_count(row, count, needed, path, header)
        lines = [row.line for row in rows]
        cells = [(row.cells + [""] * count)[:count] for row in rows]
        quoted = next(islice(io.StringIO(text, newline=""), line - 1, None)).startswith('"')
    dialect = Dialect(separator, spaced, end, quoted)
    return Rows([name.strip() for name in names], line, lines, cells, dialect)


def _is_spaced(text: str, path: Path, separator: str, line: int) -> bool:
    """Whether a space follows each separator, both in the header and in the rows.

    Raises:
        InputError: a space follows some of the separators only.
    """
    if f"{separator} " not in text:
        return False
    header, *rows = _spaces(text, path, separator, line)
    found = [row for row in rows if row[1]]
    odd = next((line for line, kinds in found if len(kinds) > 1 or kinds != found[0][1]), None)
    if header[1] == {True}:
        if odd is not None:
            raise InputError(
                f"Line {odd} of {path}: a space follows only some of the separators, so it may be "
                "a part of the cell: write all separators alike, or put the cell in quotes."
            )
        return any(kinds == {True} for _, kinds in found)
    if found and odd is None and found[0][1] == {True}:
        raise InputError(
            f"Line {found[0][0]} of {path}: a space follows each separator here, not in the "
            "header: remove the spaces, or put one after each separator of the header."
        )
    return False


def _spaces(text: str, path: Path, separator: str, line: int) -> list[tuple[int, set[bool]]]:
    """The line of each row, and whether a space is in front of all its cells but the first."""
    raw = {row.line: row.cells for row in csv_rows(text, path, separator, False, line)}
    found = []
    for row in csv_rows(text, path, separator, True, line):
        cells = raw.get(row.line, [])
        if len(cells) != len(row.cells):  # a space in front of quotes, which hold a separator
            found.append((row.line, {True}))
        else:
            found.append((row.line, {cell[0] == " " for cell in cells[1:] if cell}))
    return found


def _check_ends(rows: Sequence[CsvRow], path: Path) -> None:
    """Refuse a carriage return in the middle of a line, since it may be a part of a cell."""
    ends = {row.end for row in rows if row.end}
    alone = [row.line for row in rows if row.end == "\r"]
    if alone and len(ends) > 1:
        raise InputError(
            f"Line {alone[0]} of {path} ends with a carriage return alone, but other lines do not: "
            "remove it, or put the cell that holds it in quotes."
        )


def _check_count(row: CsvRow, count: int, needed: int, path: Path, header: CsvRow) -> None:
    more = any(cell.strip() for cell in row.cells[count:])
    if not more and len(row.cells) >= needed:
        return
    what = "more cells than its header" if more else "fewer cells than its header"
    remedy = (
        "put a cell that holds a separator in quotes"
        if more
        else "add empty cells at its end, or join a line that was broken in two"
    )
    raise InputError(
        f"Line {row.line} of {path} has {what} in line {header.line} ({len(row.cells)} and "
        f"{count}): {remedy}."
    )
