"""The sightings calendar: on how many days each individual was seen in each part of the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_COLUMNS = 60  # more cannot be told apart on a page
PARTS = {"day": 10, "month": 7, "year": 4}  # how much of 2021-04-03 names it


@dataclass(frozen=True)
class Calendar:
    """On how many days each individual was seen.

    Attributes:
        individual_ids: the one that was seen on most days first.
        part: day, month or year.
        columns: the parts of the time, such as `2021-04`, in order.
        days: int [individuals, columns].
    """

    individual_ids: tuple[str, ...]
    part: str
    columns: tuple[str, ...]
    days: np.ndarray

    def table(self) -> pd.DataFrame:
        """Return a row for each individual, a column for each part of the time."""
        table = pd.DataFrame(self.days, columns=list(self.columns)).astype(str)
        table.insert(0, "individual_id", list(self.individual_ids))
        return table


def calendar_of(days: pd.DataFrame) -> Calendar:
    """Return the calendar, with the finest parts that fit on a page.

    Days on which nobody was seen have no column, and so have days without a boat; months and years
    follow one another without a gap.

    Args:
        days: see `individual_days`.
    """
    for part, length in PARTS.items():
        columns = sorted(set(days["day"].str[:length]))
        if part == "month" and columns:
            columns = _months(columns[0], columns[-1])
        if len(columns) <= MOST_COLUMNS:
            break
    counts = days["individual_id"].value_counts()
    ids = sorted(counts.index, key=lambda who: (-counts[who], who))
    row = {who: n for n, who in enumerate(ids)}
    column = {name: n for n, name in enumerate(columns)}
    seen = np.zeros((len(ids), len(columns)), int)
    where = days["day"].str[:length].map(column).to_numpy(int)
    np.add.at(seen, (days["individual_id"].map(row).to_numpy(int), where), 1)
    return Calendar(tuple(ids), part, tuple(columns), seen)


def _months(first: str, last: str) -> list[str]:
    begin, end = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (first, last))
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(begin, end + 1)]
