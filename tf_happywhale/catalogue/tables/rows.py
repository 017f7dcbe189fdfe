"""The rows of a table's text. The header decides what separates the cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tf_happywhale.errors import InputError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
TITLES = 10  # rows that may stand above the header


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
    first, separators = 1, tuple(SEPARATORS)
    named = re.match(r'"?sep=(.?)"?[;,\t]*\r?(\n|$)', text, re.IGNORECASE)
    if named:
        if named[1] not in SEPARATORS:
            raise InputError(f"{path} line 1 is {named[0].strip()!r}: {_SEPARATED}.")
        first, separators = 2, (named[1],)
    line, separator = _header(text, path, fits, first, separators)
    names = next(_parse(text, path, separator, True, line)).cells
    needed = fits(names)
    if not needed:
        return Rows([name.strip() for name in names], line, [], [])
    spaced = _is_spaced(text, path, separator, line)
    header, *rest = _parse(text, path, separator, spaced, line)
    _check_ends([header, *rest], path)
    rows = [row for row in rest if _says(row)]
    count = len(header.cells)
    for row in rows:
        _check_count(row, count, needed, path, header)
    quoted = next(islice(io.StringIO(text, newline=""), line - 1, None)).startswith('"')
    return Rows(
        [name.strip() for name in header.cells],
        line,
        [row.line for row in rows],
        [(row.cells + [""] * count)[:count] for row in rows],
        Dialect(separator, spaced, header.end or "\n", quoted),
    )


_SEPARATED = "separate the cells by a comma, a semicolon, a tab or a bar"


class _Row(NamedTuple):
    line: int
    cells: list[str]
    end: str


def _header(
    text: str,
    path: Path,
    fits: Callable[[Sequence[str]], int],
    first: int,
    separators: Sequence[str],
) -> tuple[int, str]:
    """The line of the header, the first that fits or else the first; and the separator."""
    tops = {separator: _top(text, path, separator, first) for separator in separators}
    if not any(tops.values()):
        raise InputError(f"{path} is empty: its first line must name the columns.")
    for line in sorted({row.line for top in tops.values() for row in top}):
        fitting = [
            separator
            for separator, top in tops.items()
            for row in top
            if row.line == line and fits(row.cells)
        ]
        parting = [s for s in fitting if any(r.line == line and r.cells[1:] for r in tops[s])]
        fitting = parting or fitting[:1]  # a single column needs no separator
        if len(fitting) > 1:
            raise InputError(_two_ways(path, line, fitting))
        if fitting:
            return line, fitting[0]
    tops = {separator: top for separator, top in tops.items() if top}
    line = min(top[0].line for top in tops.values())
    most = max(len(top[0].cells) for top in tops.values())
    return line, next(s for s, top in tops.items() if len(top[0].cells) == most)


def _top(text: str, path: Path, separator: str, first: int) -> list[_Row]:
    """The first rows that are not empty, as far as this separator can read them."""
    found: list[_Row] = []
    with suppress(InputError):
        rows = (row for row in _parse(text, path, separator, True, first) if _says(row))
        found.extend(islice(rows, TITLES + 1))
    return found


def _says(row: _Row) -> bool:
    return any(cell.strip() for cell in row.cells)


def _is_spaced(text: str, path: Path, separator: str, line: int) -> bool:
    """Whether a space follows each separator, in the header and in the rows alike."""
    if f"{separator} " not in text:
        return False
    header, *rows = _spaces(text, path, separator, line)
    found = [row for row in rows if row[1]]
    odd = next((line for line, kinds in found if len(kinds) > 1 or kinds != found[0][1]), None)
    if header[1] == {True}:
        if odd is not None:
            raise InputError(
                f"{path} line {odd}: a space follows some separators and others not, so that it "
                "may be a part of the cell: write all of them alike, or put the cell in quotes."
            )
        return any(kinds == {True} for _, kinds in found)
    if found and odd is None and found[0][1] == {True}:
        raise InputError(
            f"{path} line {found[0][0]}: a space follows each separator, but in the header it does "
            "not: take the spaces out, or put one after each separator of the header."
        )
    return False


def _spaces(text: str, path: Path, separator: str, line: int) -> list[tuple[int, set[bool]]]:
    """The line of each row, and whether a space is in front of all its cells but the first."""
    raw = {row.line: row.cells for row in _parse(text, path, separator, False, line)}
    found = []
    for row in _parse(text, path, separator, True, line):
        cells = raw.get(row.line, [])
        if len(cells) != len(row.cells):  # a space in front of quotes, which hold a separator
            found.append((row.line, {True}))
        else:
            found.append((row.line, {cell[0] == " " for cell in cells[1:] if cell}))
    return found


def _two_ways(path: Path, line: int, separators: Sequence[str]) -> str:
    names = " and by ".join(SEPARATORS[separator] for separator in separators)
    return (
        f"{path} line {line}: the header can be read as separated by {names}: put the names that "
        "hold one of these in quotes, or take it out of them."
    )


def _parse(text: str, path: Path, separator: str, spaced: bool, first: int) -> Iterator[_Row]:
    """The rows from line `first` on."""
    last = ""

    def keep(line: str) -> str:
        nonlocal last
        last = line
        return line

    lines = map(keep, islice(io.StringIO(text, newline=""), first - 1, None))
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=spaced)
    while True:
        line = first + reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{path} line {line}: the quotes of this row are not closed, or not doubled inside "
                f"a cell ({error}): put the whole cell in quotes, and write each of its own twice."
            ) from None
        yield _Row(line, cells, last[len(last.rstrip("\r\n")) :])


def _check_ends(rows: Sequence[_Row], path: Path) -> None:
    """Refuse a carriage return in the middle of a line, which may be a part of a cell."""
    ends = {row.end for row in rows if row.end}
    alone = [row.line for row in rows if row.end == "\r"]
    if alone and len(ends) > 1:
        raise InputError(
            f"{path} line {alone[0]} ends with a carriage return alone, and others do not: take it "
            "out, or put the cell that holds it in quotes."
        )


def _check_count(row: _Row, count: int, needed: int, path: Path, header: _Row) -> None:
    more = any(cell.strip() for cell in row.cells[count:])
    if not more and len(row.cells) >= needed:
        return
    what = "more cells than its header" if more else "fewer cells than its header"
    mend = (
        "put a cell that holds a separator in quotes"
        if more
        else "fill it up with empty cells, or mend a line that was broken in two"
    )
    raise InputError(
        f"{path} line {row.line} has {what} in line {header.line} ({len(row.cells)} and {count}): "
        f"{mend}."
    )
