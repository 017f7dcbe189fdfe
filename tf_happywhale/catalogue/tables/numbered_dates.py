"""Dates in numbers. 3/4/2021 is in April or in March: the file itself decides, or the setting."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.catalogue.tables.clock_times import iso_clock
from tf_happywhale.catalogue.tables.dates_and_sides import full_year, iso_date
from tf_happywhale.catalogue.tables.dates_of_images import NO_DAY, YEAR_FIRST, YEAR_LAST, day_of
from tf_happywhale.errors import InputError

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
YEARS = range(1826, 2200)  # since the first photograph; 0001-01-01 and 9999-12-31 mean no day
SETTING = f"data.date_order={DAY_FIRST} or data.date_order={MONTH_FIRST}"


def in_order(cells: Sequence[str], names: Sequence[str], order: str | None) -> list[str]:
    """Dates whose year comes last as ISO text, if it is known whether the day or the month comes
    first: `3/4/2021 10:22` becomes `2021-04-03 10:22`. Other text stays as it is.

    Args:
        cells: dates as they are written.
        names: what each cell is, in words that begin a sentence: `Line 3 of train.csv`.
        order: `day_first` or `month_first`; None: all stay as they are.

    Raises:
        InputError: a date is not a day of the calendar in this order.
    """
    if order is None:
        return list(cells)
    return [_ordered(cell, name, order) for cell, name in zip(cells, names, strict=True)]


def iso_days(cells: Sequence[str], names: Sequence[str], order: str | None = None) -> list[str]:
    """Dates as ISO text, with the time of day that some have: `2021-04-03`, `2021-04-03 10:22`.
    Empty where no day is known: a blank cell, words, a year or a month alone.

    Args: see `in_order`; without an order the file decides, by a number that cannot be a month.

    Raises:
        InputError: a date can be read in two ways, does not exist, or has another form.
    """
    cells = [iso_date(cell).strip() for cell in cells]
    order = order or _order_of_file(cells, names)
    found = []
    for cell, name in zip(cells, names, strict=True):
        if not cell or NO_DAY.fullmatch(cell):
            found.append("")
            continue
        if YEAR_LAST.fullmatch(day_of(cell)):
            cell = _ordered(cell, name, order) if order else _same_in_both(cell, name)
        found.append(_checked(cell, name))
    return found


def no_day_sentence(cells: Sequence[str], where: Path) -> str:
    """A sentence on the dates of a place that name no day; empty if there are none."""
    odd = [cell.strip() for cell in cells if cell.strip() and NO_DAY.fullmatch(cell.strip())]
    if not odd:
        return ""
    return (
        f"{where}: {len(odd)} of {len(cells)} dates name no day, such as {odd[0][:40]!r}: they "
        "count as not known"
    )


def _order_of_file(cells: Sequence[str], names: Sequence[str]) -> str | None:
    """The order that a number above 12 proves; None: no date proves one."""
    proof: dict[str, str] = {}
    for cell, name in zip(cells, names, strict=True):
        if found := YEAR_LAST.fullmatch(day_of(cell)):
            first, second = int(found[1]), int(found[3])
            if (first > 12) != (second > 12):
                proof.setdefault(DAY_FIRST if first > 12 else MONTH_FIRST, f"{name} ({cell[:40]})")
    if len(proof) > 1:
        raise InputError(
            f"In {proof[DAY_FIRST]} the day comes first, but in {proof[MONTH_FIRST]} the month "
            "does: write all dates as 2021-04-03 (year-month-day)."
        )
    return next(iter(proof), None)


def _ordered(cell: str, name: str, order: str) -> str:
    day = day_of(cell)
    found = YEAR_LAST.fullmatch(day)
    if not found:
        return cell
    first, second, year = int(found[1]), int(found[3]), full_year(found[4])
    month, number = (second, first) if order == DAY_FIRST else (first, second)
    try:
        return datetime.date(year, month, number).isoformat() + cell.strip()[len(day) :]
    except ValueError:
        raise InputError(
            f"{name} has the date {cell.strip()[:80]!r}, which is not a day of the calendar if the "
            f"{'day' if order == DAY_FIRST else 'month'} comes first: correct it, or write it as "
            "2021-04-03 (year-month-day)."
        ) from None


def _same_in_both(cell: str, name: str) -> str:
    """A date whose day and month are equal, such as 4/4/2021, as ISO text."""
    found = YEAR_LAST.fullmatch(day_of(cell))
    if int(found[1]) != int(found[3]):
        raise InputError(
            f"{name} has the date {cell[:80]!r}, which can be read in two ways: set {SETTING}, or "
            "write dates as 2021-04-03 (year-month-day)."
        )
    return _ordered(cell, name, DAY_FIRST)


def _checked(cell: str, name: str) -> str:
    """A date whose year comes first, as ISO text."""
    found = YEAR_FIRST.fullmatch(cell)
    if not found:
        raise InputError(
            f"{name} has the date {cell[:80]!r}, which is not a day in a known form: write it as "
            "2021-04-03 (year-month-day)."
        )
    year, month, day = map(int, found.groups())
    if year not in YEARS:
        raise InputError(
            f"{name} has the date {cell[:80]!r}, but no photograph is of the year {year}: correct "
            "it, or leave it empty if the day is not known."
        )
    try:
        iso = datetime.date(year, month, day).isoformat()
    except ValueError:
        raise InputError(
            f"{name} has the date {cell[:80]!r}, but there is no such day: correct it."
        ) from None
    rest = cell[found.end(3) :].strip(" T")
    if rest and not iso_clock(rest):
        raise InputError(
            f"{name} has the date {cell[:80]!r} with {rest[:40]!r} behind the day, which is not a "
            "time: write the day alone, as 2021-04-03, and a time of day in the column time."
        )
    return f"{iso} {iso_clock(rest)}".rstrip()
