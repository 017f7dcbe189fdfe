"""Occasions of a survey: the days, months, seasons or intervals that a capture history counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
QUARTERS = {
    "Dec-Feb": (12, 1, 2),
    "Mar-May": (3, 4, 5),
    "Jun-Aug": (6, 7, 8),
    "Sep-Nov": (9, 10, 11),
}
ALL = "all"  # the session of a history that has only one


@dataclass(frozen=True, order=True)
class Occasion:
    """An occasion: a time in which an individual was seen or not.

    Attributes:
        first, last: its first and its last day, both in it.
        name: what it is called.
        session: the occasions of one session are taken together, as one closed population.
    """

    first: date
    last: date
    name: str
    session: str = ALL


def day_of(text: str) -> date | None:
    """Return the day of a cell such as `2021-04-03` or `2021-04-03 10:22:59`; None if it is empty
    or no day."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def occasions_of(
    days: Sequence[date | None],
    by: str,
    seasons: Mapping[str, Sequence[int]] | None = None,
    session: str = ALL,
) -> list[Occasion]:
    """Return the occasions in which something was photographed, in the order of time.

    A month without any photograph is no occasion: nobody may have been there.

    Args:
        days: of all photographs, before any of them is left out for its quality.
        by: day, month or season.
        seasons: the months of each season, by its name; None: quarters from December on.
        session: all, year or season: which occasions are one session.
    """
    parts = QUARTERS if seasons is None else seasons
    found = set()
    for day in {day for day in days if day is not None}:
        if by == "season":
            occasion = season_of(day, parts)
        elif by == "month":
            occasion = _month(day.year, day.month)
        else:
            occasion = Occasion(day, day, day.isoformat())
        if occasion is None:
            continue
        if session == "year":
            occasion = _in_session(occasion, f"{occasion.last.year}")
        elif session == "season":
            season = season_of(day, parts)
            if season is None:
                continue
            occasion = _in_session(occasion, season.name)
        found.add(occasion)
    return sorted(found)


def season_of(day: date, seasons: Mapping[str, Sequence[int]]) -> Occasion | None:
    """Return the season that a day is in; None if its month is in none.

    Its months follow one another from the first that is named, also over the end of a year:
    `2020/21 Dec-Feb` begins in December 2020.
    """
    for name, months in seasons.items():
        if day.month in months:
            at = list(months).index(day.month)
            begin = day.year * 12 + day.month - 1 - at
            end = begin + len(months) - 1
            year, later = begin // 12, end // 12
            label = f"{year}" if year == later else f"{year}/{later % 100:02d}"
            return Occasion(
                _month(year, begin % 12 + 1).first,
                _month(later, end % 12 + 1).last,
                f"{label} {name}",
            )
    return None


def seasons_in_words(seasons: Mapping[str, Sequence[int]] | None) -> str:
    """Return which months each season has, such as `summer is Jun to Aug`."""
    if seasons is None:
        return ", ".join(QUARTERS)
    words = []
    for name, months in seasons.items():
        first, last = MONTHS[months[0] - 1], MONTHS[months[-1] - 1]
        words.append(f"{name} is {first}" + (f" to {last}" if len(months) > 1 else ""))
    return ", ".join(words)


def read_intervals(path: Path) -> list[Occasion]:
    """Read occasions from a table `name,from,to`, with a column `session` if there are several.

    Raises:
        InputError: there is none, a cell is no day such as 2021-04-03, an interval ends before it
            begins, or two of them overlap or have the same name.
    """
    table = read_text_table(path, ("name", "from", "to"))
    if table.empty:
        raise InputError(f"{path} lists no interval: add rows of name,from,to.")
    sessions = table["session"] if "session" in table else [ALL] * len(table)
    found = []
    for line, name, begin, end, session in zip(
        table.index, table["name"], table["from"], table["to"], sessions, strict=True
    ):
        first, last = day_of(begin), day_of(end)
        for cell, day in ((begin, first), (end, last)):
            if day is None or len(cell) != 10:
                raise InputError(
                    f"{path}, line {line}: {cell[:40]!r} is no day: write it as 2021-04-03."
                )
        if last < first:
            raise InputError(f"{path}, line {line}: {name[:40]!r} ends before it begins.")
        found.append(Occasion(first, last, name.strip() or first.isoformat(), session or ALL))
    found.sort()
    for one, other in pairwise(found):
        if other.first <= one.last:
            raise InputError(
                f"{path}: {one.name!r} and {other.name!r} overlap: a day is in one interval only."
            )
    names = [occasion.name for occasion in found]
    if len(set(names)) < len(names):
        raise InputError(f"{path}: two intervals have the same name: give each its own.")
    return found


def occasion_numbers(
    days: Sequence[date | None], occasions: Sequence[Occasion]
) -> list[int | None]:
    """Return the number of the occasion that each day is in, from 0; None if it is in none."""
    of_day: dict[date, int | None] = {}
    for day in {day for day in days if day is not None}:
        numbers = (n for n, one in enumerate(occasions) if one.first <= day <= one.last)
        of_day[day] = next(numbers, None)
    return [None if day is None else of_day[day] for day in days]


def occasions_table(occasions: Sequence[Occasion], seen: Sequence[int]) -> pd.DataFrame:
    """Return a table of the occasions: number, name, from, to, session, individuals seen."""
    return pd.DataFrame(
        {
            "occasion": [str(n + 1) for n in range(len(occasions))],
            "name": [one.name for one in occasions],
            "from": [one.first.isoformat() for one in occasions],
            "to": [one.last.isoformat() for one in occasions],
            "session": [one.session for one in occasions],
            "individuals": [str(count) for count in seen],
        }
    )


def _month(year: int, month: int) -> Occasion:
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    return Occasion(first, after - timedelta(days=1), first.isoformat()[:7])


def _in_session(occasion: Occasion, session: str) -> Occasion:
    return Occasion(occasion.first, occasion.last, occasion.name, session)
