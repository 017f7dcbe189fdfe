"""Where the header of a text table is, and what separates its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from tf_happywhale.catalogue.tables.csv_rows import CsvRow, csv_rows
from tf_happywhale.errors import InputError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
TITLES = 10  # rows that may stand above the header


def find_header(
    text: str,
    path: Path,
    fits: Callable[[Sequence[str]], int],
) -> tuple[int, str]:
    """The line of the header, the first that fits or else the first; and the separator.

    Args: see `read_rows`.

    Raises:
        InputError: the file is empty, or the header can be read in two ways.
    """
    first, separators = _named_separator(text, path)
    tops = {separator: _first_rows(text, path, separator, first) for separator in separators}
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


def _named_separator(text: str, path: Path) -> tuple[int, Sequence[str]]:
    """The first line of the table, and the separators that it may have: the one that a line `sep=`
    names, or all of them."""
    named = re.match(r'"?sep=(.?)"?[;,\t]*\r?(\n|$)', text, re.IGNORECASE)
    if not named:
        return 1, tuple(SEPARATORS)
    if named[1] not in SEPARATORS:
        raise InputError(
            f"Line 1 of {path} is {named[0].strip()!r}: separate the cells by a comma, a "
            "semicolon, a tab or a bar."
        )
    return 2, (named[1],)


def _first_rows(text: str, path: Path, separator: str, first: int) -> list[CsvRow]:
    """The first rows that are not empty, as far as this separator can read them."""
    found: list[CsvRow] = []
    with suppress(InputError):
        rows = (row for row in csv_rows(text, path, separator, True, first) if row.has_text)
        found.extend(islice(rows, TITLES + 1))
    return found


def _two_ways(path: Path, line: int, separators: Sequence[str]) -> str:
    names = " and by ".join(SEPARATORS[separator] for separator in separators)
    return (
        f"Line {line} of {path}: the header can be read as separated by {names}: put the names "
        "that hold one of these in quotes, or remove it from them."
    )
