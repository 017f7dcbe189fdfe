"""Capture histories: on which occasions each individual was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tf_happywhale.errors import InputError
from tf_happywhale.sightings.occasions import Occasion, day_of, occasion_numbers

FILTERS = ("species", "quality", "distinctiveness", "viewpoint")


@dataclass(frozen=True)
class CaptureHistory:
    """On which occasions each individual was seen.

    Attributes:
        individual_ids: in the order of their text.
        occasions: in the order of time.
        seen: bool [individuals, occasions].
    """

    individual_ids: tuple[str, ...]
    occasions: tuple[Occasion, ...]
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.individual_ids)

    @property
    def per_occasion(self) -> list[int]:
        """How many individuals were seen on each occasion."""
        return self.seen.sum(axis=0).astype(int).tolist()

    def texts(self) -> list[str]:
        """Return each history as text, such as `01101`."""
        return ["".join("1" if one else "0" for one in row) for row in self.seen]

    def sessions(self) -> dict[str, CaptureHistory]:
        """Return the history of each session, with the individuals that were seen in it."""
        names = list(dict.fromkeys(occasion.session for occasion in self.occasions))
        found = {}
        for name in names:
            columns = [n for n, one in enumerate(self.occasions) if one.session == name]
            seen = self.seen[:, columns]
            rows = np.flatnonzero(seen.any(axis=1))
            found[name] = CaptureHistory(
                tuple(self.individual_ids[row] for row in rows),
                tuple(self.occasions[column] for column in columns),
                seen[rows],
            )
        return found


@dataclass(frozen=True)
class Chosen:
    """The sightings that count.

    Attributes:
        table: these sightings, with the column `occasion`: its number from 0.
        left_out: those that do not count, with the column `why`.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame

    def lines(self) -> list[str]:
        """Return sentences on what counts, and on what does not."""
        every = len(self.table) + len(self.left_out)
        lines = [f"{len(self.table)} of {every} photographs of animals count."]
        for why, count in Counter(self.left_out["why"]).most_common():
            lines.append(f"  {count} left out: {why}")
        gone = sorted(set(self.left_out["individual_id"]) - set(self.table["individual_id"]) - {""})
        if gone:
            lines.append(
                f"  individuals without a photograph that counts: {len(gone)} "
                f"({', '.join(gone[:10])}{', …' if len(gone) > 10 else ''})"
            )
        return lines


def choose(
    table: pd.DataFrame, occasions: Sequence[Occasion], kept: Mapping[str, Sequence[str]]
) -> Chosen:
    """Return which sightings count.

    Args:
        table: sightings, see `read_sightings`.
        occasions: of the survey.
        kept: the values that are kept, by column; a column without any is not looked at.

    Raises:
        InputError: a value is in no row, or there are several species and none is named.
    """
    for column in FILTERS:
        _check_values(table, column, kept.get(column, ()))
    named = sorted(set(table["species"]) - {""})
    if len(named) > 1 and not kept.get("species"):
        raise InputError(
            f"There are {len(named)} species ({', '.join(named)[:200]}): name the one that is "
            "counted, as history.species='[NAME]'."
        )
    why = pd.Series("", index=table.index, dtype=object)

    def leave_out(rows: Sequence[bool], reason: str) -> None:
        why[pd.Series(list(rows), index=table.index) & (why == "")] = reason

    leave_out(table["individual_id"] == "", "no individual is named")
    for column in FILTERS:
        values = kept.get(column, ())
        if values:
            wanted = f"{column} is not {' or '.join(values)}"
            leave_out((table[column] != "") & ~table[column].isin(values), wanted)
            leave_out(table[column] == "", f"{column} is not known")
    days = [day_of(text) for text in table["date"]]
    numbers = occasion_numbers(days, occasions)
    leave_out([day is None for day in days], "no date")
    leave_out([number is None for number in numbers], "the date is in no occasion")
    inside = why == ""
    counted = table.assign(occasion=pd.Series(numbers, index=table.index, dtype=object))[inside]
    return Chosen(
        counted.assign(occasion=counted["occasion"].astype(int)),
        table.assign(why=why)[~inside],
    )


def _check_values(table: pd.DataFrame, column: str, values: Sequence[str]) -> None:
    there = sorted(set(table[column]) - {""})
    for value in values:
        if value not in there:
            has = f"there are {', '.join(there)[:200]}" if there else "none is known"
            raise InputError(f"No photograph has {column} {value!r}: {has}.")


def capture_history(chosen: Chosen, occasions: Sequence[Occasion]) -> CaptureHistory:
    """Return the capture history of the sightings that count."""
    ids = sorted(set(chosen.table["individual_id"]))
    row = {who: n for n, who in enumerate(ids)}
    seen = np.zeros((len(ids), len(occasions)), bool)
    rows = [row[who] for who in chosen.table["individual_id"]]
    seen[rows, chosen.table["occasion"].to_numpy(int)] = True
    return CaptureHistory(tuple(ids), tuple(occasions), seen)


def sides_sentence(chosen: Chosen) -> str:
    """Return what it means that both sides are counted; empty if they are not."""
    table = chosen.table
    sides = {side: set(table["individual_id"][table["viewpoint"] == side])
             for side in ("left", "right")}  # fmt: skip
    if not sides["left"] or not sides["right"]:
        return ""
    left, right = sides["left"] - sides["right"], sides["right"] - sides["left"]
    if not left and not right:
        return ""
    return (
        f"Both sides count. Individuals known from the left side only: {len(left)}, from the right "
        f"side only: {len(right)}. Unless the two sides are joined, one animal can be "
        "two of them, and is counted twice; history.viewpoint='[left]' counts left sides only."
    )
