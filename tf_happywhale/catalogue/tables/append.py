"""Adding rows to a person's table: its bytes stay, and the new rows are written in the same way."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.rows import Dialect, Rows
from tf_happywhale.catalogue.tables.spreadsheet import AS_CSV, is_spreadsheet
from tf_happywhale.catalogue.tables.table import column_places, read_rows_of
from tf_happywhale.catalogue.tables.text_file import byte_order_mark, decode_table
from tf_happywhale.errors import InputError


def table_with_rows(
    path: Path,
    rows: Sequence[Mapping[str, str]],
    columns: Collection[str],
    reading: Reading = PLAIN,
    new_columns: Collection[str] = (),
) -> bytes:
    """The content of a table with new rows at its end, in its own encoding, with its own columns
    and separators. Values of columns that the table lacks are left out.

    Args:
        path: the table.
        rows: the new rows, text by our names of the columns.
        columns: those that the table must have.
        reading: how it is read.
        new_columns: added to the header if the table lacks them; empty in the older rows.

    Raises:
        InputError: it cannot be read, is an Excel file, or its encoding lacks a letter.
    """
    raw = path.read_bytes() if path.is_file() else b""
    if is_spreadsheet(raw, path):
        raise InputError(
            f"{path} is an Excel file, and rows can only be added to text tables: {AS_CSV}, and "
            "name that file in its place."
        )
    there = read_rows_of(path, columns, reading)
    text, encoding = decode_table(raw, path, reading.encoding)
    lacking = [name for name in new_columns if name not in there.header]
    if lacking:
        text = _with_columns(text, there, lacking)
        raw = byte_order_mark(raw) + text.encode(encoding)
        there = replace(there, header=[*there.header, *lacking])
    places = column_places(there.header, columns, reading.columns, path)
    added = _as_text(rows, places, len(there.header), there.dialect or Dialect())
    if not text.endswith(("\n", "\r")):
        added = (there.dialect or Dialect()).line_end + added
    try:
        return raw + added.encode(encoding)
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        raise InputError(
            f"{path} is written in {encoding}, which has no {letter!r} (U+{ord(letter):04X}): save "
            "it as UTF-8, and remove data.encoding."
        ) from None


def _as_text(
    rows: Sequence[Mapping[str, str]], places: Mapping[str, int], count: int, dialect: Dialect
) -> str:
    """The lines of new rows with `count` cells, of which `places` says the place by name."""
    lines = io.StringIO()
    for row in rows:
        cells = [""] * count
        for name, place in places.items():
            cells[place] = row.get(name, "")
        broken = any(end in cell for cell in cells for end in "\r\n")
        every = dialect.quoted or dialect.spaced or broken
        csv.writer(
            lines,
            delimiter=dialect.separator,
            lineterminator=dialect.line_end,
            quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL,
        ).writerow(cells)
    return lines.getvalue()


def _with_columns(text: str, rows: Rows, names: Sequence[str]) -> str:
    """The text with new columns at the end, empty in each row."""
    dialect = rows.dialect or Dialect()
    between = dialect.separator + " " * dialect.spaced
    first = rows.line - 1
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines[first:], delimiter=dialect.separator, skipinitialspace=dialect.spaced)
    added = between.join(["", *(f'"{name}"' if dialect.quoted else name for name in names)])
    ends = {}
    for cells in reader:
        if any(cell.strip() for cell in cells):
            short = max(0, len(rows.header) - len(cells))
            ends[first + reader.line_num - 1] = dialect.separator * short + added
        added = dialect.separator * len(names)
    for place, further in ends.items():
        whole = lines[place].rstrip("\r\n")
        lines[place] = whole + further + lines[place][len(whole) :]
    return "".join(lines)
