"""Writing an Excel sheet in which every cell is text, so that no id is a number or a formula."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Mapping, Sequence

NUMBERS = (
    *("Encounter.year", "Encounter.month", "Encounter.day", "Encounter.hour"),
    *("Encounter.minutes", "Encounter.decimalLatitude", "Encounter.decimalLongitude"),
)


def writes_xlsx() -> bool:
    """Whether openpyxl, which writes Excel's files, is installed."""
    return importlib.util.find_spec("openpyxl") is not None


def xlsx_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """The content of an .xlsx file with one sheet. `NUMBERS` are numbers, all else is text."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(columns))
    for line, row in enumerate(rows, start=2):
        for place, name in enumerate(columns, start=1):
            text = row[name]
            if not text:
                continue
            cell = sheet.cell(line, place)
            if name in NUMBERS:
                cell.value = float(text) if "." in text else int(text)
            else:
                cell.value = text
                cell.data_type, cell.number_format, cell.quotePrefix = "s", "@", True
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
