"""What the animals of one photograph cannot be: on two days, at two places, or one individual
twice."""

from __future__ import annotations

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.errors import InputError

ONE = ("date", "place", "latitude", "longitude")  # of which a photograph has one


def check_photographs(table: pd.DataFrame, where: str) -> str:
    """Return a sentence on individuals that are in a photograph twice; empty if there are none.

    Args:
        table: see `read_sightings`, with days as dates.
        where: the place of the table, for messages.

    Raises:
        InputError: the animals of a photograph have two days or places, so that one of them is
            wrong.
    """
    photographs = [photograph_of(key) for key in table["image"]]
    for column in ONE:
        _check_one(photographs, list(table[column]), column, where)
    seen: set[tuple[str, str]] = set()
    twice = []
    for photograph, who in zip(photographs, table["individual_id"], strict=True):
        if who and (photograph, who) in seen:
            twice.append(f"{who} in {photograph}")
        seen.add((photograph, who))
    if not twice:
        return ""
    return (
        f"{where}: {len(twice)} animals are an individual that their photograph shows already, "
        f"such as {twice[0]}: it counts once; correct it if they are two"
    )


def _check_one(photographs: list[str], cells: list[str], column: str, where: str) -> None:
    """Raise InputError if the rows of a photograph say two things in a column."""
    said: dict[str, str] = {}
    for photograph, cell in zip(photographs, cells, strict=True):
        if cell and said.setdefault(photograph, cell) != cell:
            raise InputError(
                f"{photograph} in {where} has the {column}s {said[photograph]} and {cell} for two "
                "of its animals: correct one of them."
            )
