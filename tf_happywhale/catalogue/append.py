"""Rows added to a person's table: what is there stays byte by byte, and the new rows are written
as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tf_happywhale.catalogue.reading import PLAIN, Reading
from tf_happywhale.catalogue.rows import Dialect
from tf_happywhale.catalogue.spreadsheet import AS_CSV, is_spreadsheet
from tf_happywhale.catalogue.table import named_columns, read_rows_of
from tf_happywhale.catalogue.text_file import decode
from tf_happywhale.errors import InputError


def with_rows(
    path: Path,
    rows: Sequence[Mapping[str, str]],
    columns: Collection[str],
    reading: Reading = PLAIN,
) -> bytes:
    """The content of a table with further rows at its end, in its own encoding, columns and way of
    separating them. What a row says of a column that the table lacks is left out.

    Args:
        path: the table.
        rows: text by our names of the columns.
        columns: those that it must have.
        reading: how it is read.

    Raises:
        InputError: it cannot be read, is an Excel file, or its encoding lacks a letter.
    """
    raw = path.read_bytes() if path.is_file() else b""
    if is_spreadsheet(raw, path):
        raise InputError(
            f"{path} is an Excel file, to which nothing is added: {AS_CSV}, and name that file "
            "in its place."
        )
    there = read_rows_of(path, columns, reading)
    text, encoding = decode(raw, path, reading.encoding)
    places = named_columns(there.header, columns, reading.columns, path)
    dialect = there.dialect or Dialect()
    added = io.StringIO()
    if not text.endswith(("\n", "\r")):
        added.write(dialect.line_end)
    for row in rows:
        cells = [""] * len(there.header)
        for name, place in places.items():
            cells[place] = row.get(name, "")
        broken = any(end in cell for cell in cells for end in "\r\n")
        every = dialect.quoted or dialect.spaced or broken
        csv.writer(
            added,
            delimiter=dialect.separator,
            lineterminator=dialect.line_end,
            quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL,
        ).writerow(cells)
    try:
        return raw + added.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        raise InputError(
            f"{path} is written in {encoding}, which has no {letter!r} (U+{ord(letter):04X}): save "
            "it as UTF-8, and take data.encoding out."
        ) from None
