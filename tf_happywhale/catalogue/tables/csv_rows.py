"""The rows of a text table, as they stand in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tf_happywhale.errors import InputError


class CsvRow(NamedTuple):
    """The line on which a row begins, its cells, and the characters that end it."""

    line: int
    cells: list[str]
    end: str

    @property
    def has_text(self) -> bool:
        """Whether a cell is not empty."""
        return any(cell.strip() for cell in self.cells)


def csv_rows(text: str, path: Path, separator: str, spaced: bool, first: int) -> Iterator[CsvRow]:
    """The rows of a text from line `first` on.

    Args:
        text: of the file.
        path: the file, for errors.
        separator: between cells.
        spaced: whether a space may follow a separator without being a part of the cell.
        first: the first line that is read.

    Raises:
        InputError: a quote is not closed.
    """
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
                f"Line {line} of {path}: the quotes of this row are not closed, or not doubled "
                f"inside a cell ({error}): put the whole cell in quotes, and write each quote "
                "inside it twice."
            ) from None
        yield CsvRow(line, cells, last[len(last.rstrip("\r\n")) :])
