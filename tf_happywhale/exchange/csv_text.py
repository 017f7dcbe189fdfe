"""Tables as CSV for other programs, and what these may make of ids.

Ids are written as they are, because a changed id would be another animal. Programs that guess take
some for numbers, for missing values or for formulas: it is said how many, and how to read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

TO_QUOTE = re.compile(r'[",;\t|\r\n]|^\s|\s$')
FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
MISSING = frozenset({"na", "n/a", "nan", "null", "none", "inf", "-inf", "true", "false", "#n/a"})


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A table as UTF-8 CSV with commas. Cells that hold a separator or end with a space are in
    quotes (RFC 4180), since readers trim the others. Cells that a row lacks are empty."""
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    return "".join(",".join(map(_cell, line)) + "\n" for line in lines).encode()


def id_warnings(individual_ids: Iterable[str]) -> list[str]:
    """Sentences on ids that another program may read as something else."""
    known = dict.fromkeys(individual_ids)
    formulas = [who for who in known if FORMULA.match(who)]
    guessed = [who for who in known if NUMBER.fullmatch(who) or who.lower() in MISSING]
    said = []
    if formulas:
        said.append(
            f"{len(formulas)} ids begin with =, +, - or @, such as {formulas[0][:40]!r}: a "
            "spreadsheet takes them for formulas unless the column is imported as text"
        )
    if guessed:
        said.append(
            f"{len(guessed)} ids look like numbers or missing values, such as "
            f"{guessed[0][:40]!r}: read the column as text (pandas: dtype=str, "
            "keep_default_na=False; R: colClasses='character', na.strings='')"
        )
    return said


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if TO_QUOTE.search(text) else text
