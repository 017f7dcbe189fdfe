"""Figures beside what is wanted of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """A figure, and the least that it may be; with `most` the most."""

    what: str
    figure: float
    limit: float
    most: bool = False

    @property
    def reached(self) -> bool:
        """False of NaN: what could not be measured was not reached."""
        return self.figure <= self.limit if self.most else self.figure >= self.limit


def judge(rows: Sequence[Wanted]) -> int:
    """Print every figure beside its limit; the exit status: 1 where one was missed."""
    for row in rows:
        limit = f"wanted at {'most' if row.most else 'least'} {row.limit:g}"
        print(f"{row.what}: {row.figure:.6g}, {limit}{'' if row.reached else ': MISSED'}")
    return int(not all(row.reached for row in rows))
