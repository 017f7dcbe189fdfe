"""Dates and sides of animals as people write them, if they can be read in only one way."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
DAY_FIRST = re.compile(r"(\d{1,2})[-/. ]{1,2}([A-Za-z]{3,9})\.?[-/., ]{1,2}(\d{4}|\d\d)(.*)")
MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}), ?(\d{4})(.*)")
SIDES = {"r": "right", "l": "left"}
SIDE_WORDS = ("left", "right", "dorsal", "ventral", "front", "back", "top", "bottom")


def iso_date(text: str) -> str:
    """A date whose month is a word, as ISO text: `02-Jun-15` becomes `2015-06-02`. Any other text
    stays as it is, since `02/06/15` may be the second of June or the sixth of February.

    Years of two digits are 2000 to 2029 and 1970 to 1999; a date with another one stays as it is.
    """
    cell = text.strip()
    if match := DAY_FIRST.fullmatch(cell):
        day, word, year, rest = match.groups()
    elif match := MONTH_FIRST.fullmatch(cell):
        word, day, year, rest = match.groups()
    else:
        return text
    month, full = _month(word), full_year(year)
    if not month or not full or (rest and not re.fullmatch(r"[ T]\d\d?:\d\d(:\d\d)?", rest)):
        return text
    try:
        return datetime.date(full, month, int(day)).isoformat() + rest
    except ValueError:
        return text


def viewpoint_sides(viewpoints: Iterable[str]) -> list[str]:
    """Viewpoints with `right` and `left` for `R` and `L`, if these can mean nothing else: the other
    cells are empty or `left` and `right`; or the column has both letters, and words for sides."""
    cells = list(viewpoints)
    found = {cell.strip().lower() for cell in cells} - {""}
    words = found - SIDES.keys()
    if not words <= set(SIDE_WORDS if found >= SIDES.keys() else SIDE_WORDS[:2]):
        return cells
    return [SIDES.get(cell.strip().lower(), cell) for cell in cells]


def side_of(viewpoint: str) -> str:
    """The side that a viewpoint names, one of `SIDE_WORDS`; empty if it names none, or several.

    Left and right count before the others: `left dorsal fin` is left.
    """
    words = set(re.findall(r"[a-z]+", viewpoint.casefold()))
    for sides in (SIDE_WORDS[:2], SIDE_WORDS[2:]):
        named = words.intersection(sides)
        if named:
            return named.pop() if len(named) == 1 else ""
    return ""


def viewpoint_as_in(column: Iterable[str], viewpoint: str) -> str:
    """A viewpoint as a table's column has them: `R` and `L` if it holds nothing else."""
    cells = {cell.strip() for cell in column} - {""}
    letters = {SIDES[cell.lower()]: cell for cell in cells if cell.lower() in SIDES}
    if not cells or len(letters) < len({cell.lower() for cell in cells}):
        return viewpoint
    upper = all(cell.isupper() for cell in cells)
    letter = {side: letter.upper() if upper else letter for letter, side in SIDES.items()}
    return letter.get(viewpoint, viewpoint)


def _month(word: str) -> int:
    """The number of an English month, in full or in its first three letters (Sept as well)."""
    named = [n for n, month in enumerate(MONTHS, 1) if word.lower() in (month, month[:3])]
    return named[0] if named else 9 * (word.lower() == "sept")


def full_year(digits: str) -> int:
    """A year of four digits, or of two: 2000 to 2029 and 1970 to 1999; 0 for any other."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return 2000 + year if year < 30 else 1900 + year if year >= 70 else 0
