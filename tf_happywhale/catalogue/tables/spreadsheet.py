"""The rows of an Excel sheet as text. Dates become ISO text. A number in a column of ids is an
error, since it may have lost zeros."""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.tables.header import TITLES
from tf_happywhale.catalogue.tables.rows import Rows
from tf_happywhale.errors import InputError

ZIP, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
AS_CSV = "save the sheet as `CSV UTF-8`"


def is_spreadsheet(raw: bytes, path: Path) -> bool:
    """Whether the bytes are those of an .xlsx file, with any name.

    Raises:
        InputError: they are those of an old Excel file, or of one with a password.
    """
    if raw.startswith(OLD):
        raise InputError(
            f"{path} is an old Excel file (.xls), or has a password: save it as .xlsx without a "
            f"password, or {AS_CSV}."
        )
    return raw.startswith(ZIP)


def read_sheet(
    path: Path, fits: Callable[[Sequence[str]], int], is_id: Callable[[str], bool]
) -> Rows:
    """The rows of the one sheet whose header fits.

    Args:
        path: an .xlsx file.
        fits: 0 if a header of these cells lacks a column that is wanted.
        is_id: whether the cells of a column of this name are ids, in which each digit counts.

    Raises:
        InputError: openpyxl is missing, the file is damaged, not exactly one sheet fits, or a cell
            is a number, a date or a formula where text is needed.
    """
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{path} is an Excel file, which needs openpyxl: `pip install openpyxl`, or {AS_CSV}."
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about drop-down lists and the like
            books = [openpyxl.load_workbook(path, data_only=values) for values in (True, False)]
    except Exception:  # openpyxl raises many kinds of error for a damaged file
        raise InputError(f"{path} cannot be read as an .xlsx file: {AS_CSV}.") from None
    sheets = [sheet for sheet in books[0].worksheets if sheet.max_row and _top(sheet)]
    if not sheets:
        raise InputError(f"{path} is empty: its first row must name the columns.")
    fitting = [(sheet, line) for sheet in sheets if (line := _header(sheet, fits))]
    if len(fitting) > 1:
        names = " and ".join(
            repr(sheet.title) + " (hidden)" * (sheet.sheet_state != "visible")
            for sheet, _ in fitting
        )
        raise InputError(
            f"{path} has the columns in more than one sheet, {names}: save the right one as a "
            "separate file."
        )
    sheet, line = fitting[0] if fitting else (sheets[0], _top(sheets[0])[0])
    return _rows(path, sheet, books[1][sheet.title], line, is_id)


def _top(sheet: Any) -> list[int]:
    """The first rows that are not empty."""
    rows = enumerate(sheet.iter_rows(max_row=100, values_only=True), start=1)
    return [line for line, values in rows if any(map(_plain, values))][: TITLES + 1]


def _header(sheet: Any, fits: Callable[[Sequence[str]], int]) -> int | None:
    return next((n for n in _top(sheet) if fits([_plain(c.value) for c in sheet[n]])), None)


def _rows(path: Path, sheet: Any, formulas: Any, line: int, is_id: Callable[[str], bool]) -> Rows:
    header = [_plain(cell.value).strip() for cell in sheet[line]]
    ids = [bool(name) and is_id(name) for name in header]
    lines, rows = [], []
    for row in sheet.iter_rows(min_row=line + 1):
        for cell, name in zip(row, header, strict=True):
            if name and cell.value is None and formulas[cell.coordinate].data_type == "f":
                raise InputError(
                    f"{path} {cell.coordinate} is a formula without its result: open the file in "
                    "Excel or LibreOffice and save it again."
                )
        cells = [
            _id(cell, path) if asked else _plain(cell.value)
            for cell, asked in zip(row, ids, strict=True)
        ]
        if any(cell.strip() for cell in cells):
            lines.append(row[0].row)
            rows.append(cells)
    return Rows(header, line, lines, rows)


def _id(cell: Any, path: Path) -> str:
    """A cell of ids, which must be text."""
    value = cell.value
    if value is None or (isinstance(value, str) and cell.data_type != "e"):
        return value or ""
    where = f"{path} {cell.coordinate}"
    if cell.data_type == "e":
        raise InputError(f"{where} shows the error {value}: type the id as text.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(
            f"{where} is the {'date' if cell.is_date else 'value'} {_plain(value)} where an id is "
            "meant: format the column as text, and type the id again."
        )
    raise InputError(
        f"{where} is a number where an id is meant, {' or '.join(_readings(cell))}: format the "
        f"column as text and type such ids again, or {AS_CSV}, which keeps what is shown."
    )


def _readings(cell: Any) -> list[str]:
    """The texts that a number may stand for: its digits, and its digits with the zeros that Excel
    shows or may have removed."""
    plain, shown = _plain(cell.value), str(cell.number_format or "")
    if match := re.fullmatch(r'"?([^"0#?]*?)"?(0+)', shown):
        with_zeros = match[1] + plain.zfill(len(match[2]))
    elif isinstance(cell.value, int):
        with_zeros = f"0{plain}"
    else:
        with_zeros = f"{cell.value:.15g}0" if "." in plain else f"{plain}.0"
    return list(dict.fromkeys([plain, with_zeros])) if with_zeros != plain else [plain, f"0{plain}"]


def _plain(value: Any) -> str:
    """Any cell's value as text: dates as ISO, whole numbers without a point."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime.datetime():
            if value.time() == datetime.time():
                return value.date().isoformat()
            return value.isoformat(sep=" ", timespec="seconds")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
