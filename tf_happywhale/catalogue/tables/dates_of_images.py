"""The date of a photograph: the table's, and where the table gives none the camera's (EXIF)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

DAY = re.compile(r"(\d{4}-\d\d-\d\d)([ T].*)?", re.DOTALL)
YEAR_FIRST = re.compile(r"(\d{4})[-:/.](\d\d?)[-:/.](\d\d?)(?:[ T].*)?", re.ASCII | re.DOTALL)
YEAR_LAST = re.compile(r"(\d\d?)([-/. ])(\d\d?)[-/. ](\d{4}|\d\d)", re.ASCII)
# Words such as unknown are no day, and a year or a month is too long to be one.
NO_DAY = re.compile(r"\D*|\D*\d{4}([-:/.]\d\d?)?\D*", re.ASCII)
CLOCK = re.compile(r"[ T]+\d\d?:\d\d", re.ASCII)
APART = 1  # days that a table and a camera's clock may differ, which may be in another time zone


def day_of(date: str) -> str:
    """The day of a date, such as `2015-05-13` of `2015-05-13 10:22:59`; of a date in another form
    what stands before its time of day."""
    return CLOCK.split(date.strip(), maxsplit=1)[0]


def known_day(date: str) -> str:
    """The day of a date as text that is equal for equal days of one form, ISO text if the year
    comes first; empty if the date names only a year or a month, or has no digit.

    Whether 03/04/2021 is in March or April need not be known for that. A date of an unknown form
    stays as it is, without its time of day.
    """
    if found := YEAR_FIRST.fullmatch(date.strip()):
        year, month, day = found.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    text = day_of(date)
    if found := YEAR_LAST.fullmatch(text):
        first, sign, second, year = found.groups()
        return f"{int(first)}{sign}{int(second)}{sign}{year}"
    return "" if NO_DAY.fullmatch(text) else text


def two_forms(days: Iterable[str]) -> tuple[str, str] | None:
    """Two days in numbers of different forms, such as 2021-04-03 and 3/4/2021, if there are any:
    then nobody can tell which days are the same. The days are as `known_day` gives them."""
    first = {_form(day): day for day in sorted(set(days), reverse=True)}
    first.pop("", None)
    one, other, *_ = [*(first[form] for form in sorted(first)), "", ""]
    return (one, other) if other else None


def _form(day: str) -> str:
    """The form of a day in numbers: its sign and the digits of its year; empty of other text."""
    if YEAR_FIRST.fullmatch(day):
        return " first"
    found = YEAR_LAST.fullmatch(day)
    return f"{found[2]}{len(found[4])}" if found else ""


def to_the_minute(date: str) -> str:
    """A date without the seconds of its time of day."""
    return re.sub(r"([ T]\d\d?:\d\d):\d\d$", r"\1", date)


def date_sentences(
    images: Sequence[str], written: Sequence[str], taken: Sequence[str], what: str
) -> list[str]:
    """Sentences on how many dates the camera gave, and on those that contradict the table.

    Args:
        images: names.
        written: dates in the table; text that is not an ISO day contradicts nothing.
        taken: when each photograph was taken by its EXIF; empty: it does not say.
        what: what the images are, in words.
    """
    rows = list(zip(images, written, taken, strict=True))
    filled = sum(bool(time) and not cell.strip() for _, cell, time in rows)
    apart = [row for row in rows if _days_apart(*row[1:]) > APART]
    said = [f"{filled} of {len(rows)} {what} have their date from the camera (EXIF)"] * bool(filled)
    if apart:
        image, cell, time = apart[0]
        said.append(
            f"{len(apart)} of {len(rows)} {what} have another date in the table than in the camera "
            f"(EXIF), such as {image}: {cell}, not {day_of(time)}. The table's counts."
        )
    return said


def date_as_in(column: Sequence[str], date: str) -> str:
    """A date as a table's column has them: its day alone, unless other cells have a time of day."""
    return date if any(CLOCK.search(cell) for cell in column) else day_of(date)


def _days_apart(one: str, other: str) -> int:
    """How many days lie between two dates; 0 if one of them is not an ISO day."""
    days = [DAY.fullmatch(date.strip()) for date in (one, other)]
    try:
        first, second = (datetime.date.fromisoformat(day[1]) for day in days if day)
    except ValueError:
        return 0
    return abs((first - second).days)
