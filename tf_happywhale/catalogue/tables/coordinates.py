"""Latitude and longitude in decimal degrees. Other ways of writing them are named, not read."""

from __future__ import annotations

import re

from tf_happywhale.errors import InputError

DECIMAL = re.compile(r"[+-]?\d{1,3}(\.\d*)?|[+-]?\.\d+", re.ASCII)
COMMA = re.compile(r"[+-]?\d{1,3},\d+", re.ASCII)
MINUTES = re.compile(
    r"(?P<sign>[+-]?)(?P<before>[NSEWnsew]?)\s*(?P<degrees>\d{1,3}(?:[.,]\d+)?)\s*(?:[°ºd]\s*|\s|$)"
    r"(?:(?P<minutes>\d{1,2}(?:[.,]\d+)?)\s*['′’m]?\s*)?"
    r"(?:(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:[\"″”s]|''|′′)?)?\s*(?P<after>[NSEWnsew]?)",
    re.ASCII,
)
LARGEST = {"latitude": 90, "longitude": 180}
MINUS = str.maketrans({"\u2212": "-", "\u2013": "-"})


def checked_coordinate(text: str, which: str, name: str) -> str:
    """A cell of the column latitude or longitude, without spaces around it; empty if it is blank.

    Args:
        text: the cell.
        which: latitude or longitude.
        name: what the cell is, in words that begin a sentence: `Line 3 of train.csv`.

    Raises:
        InputError: it is not a number of decimal degrees, or there is no such place.
    """
    cell = text.strip().translate(MINUS)
    if not cell:
        return ""
    said = f"{name} has the {which} {text.strip()[:80]!r}"
    if not DECIMAL.fullmatch(cell):
        raise InputError(f"{said}, {_remedy(cell)}.")
    if abs(float(cell)) > LARGEST[which]:
        swapped = (
            ": are latitude and longitude swapped?" if which == "latitude" else ": correct it."
        )
        raise InputError(f"{said}, which is not between −{LARGEST[which]} and {LARGEST[which]}"
                         f"{swapped}")  # fmt: skip
    return cell


def _remedy(cell: str) -> str:
    """What is wrong with a cell, and what to write."""
    if COMMA.fullmatch(cell):
        return f"with a decimal comma: write it with a point, {cell.replace(',', '.')}"
    found = MINUTES.fullmatch(cell)
    if found:
        parts = [float((found[key] or "0").replace(",", ".")) for key in _PARTS]
        if max(parts[1:]) < 60:
            letters = (found["before"] + found["after"]).upper()
            south = found["sign"] == "-" or any(letter in "SW" for letter in letters)
            value = parts[0] + parts[1] / 60 + parts[2] / 3600
            return f"which is not in decimal degrees: write {'-' * south}{value:.5f}"
    return "which is not a number: write decimal degrees such as 57.68123, south and west negative"


_PARTS = ("degrees", "minutes", "seconds")
