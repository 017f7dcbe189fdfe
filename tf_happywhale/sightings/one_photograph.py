"""What the animals of one photograph cannot be: seen on two days, or one individual twice."""

from __future__ import annotations

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.errors import InputError


def check_photographs(table: pd.DataFrame, where: str) -> str:
    """Return a sentence on individuals that are in a photograph twice; empty if there are none.

    Args:
        table: see `read_sightings`, with days as dates.
        where: the place of the table, for messages.

    Raises:
        InputError: the animals of a photograph have two days, so that one of them is wrong.
    """
    days: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    twice = []
    for key, day, who in zip(table["image"], table["date"], table["individual_id"], strict=True):
        photograph = photograph_of(key)
        if day and days.setdefault(photograph, day) != day:
            raise InputError(
                f"{photograph} in {where} has the dates {days[photograph]} and {day} for two of "
                "its animals: correct one of them."
            )
        if who and (photograph, who) in seen:
            twice.append(f"{who} in {photograph}")
        seen.add((photograph, who))
    if not twice:
        return ""
    return (
        f"{where}: {len(twice)} animals are an individual that their photograph shows already, "
        f"such as {twice[0]}: it counts once; correct it if they are two"
    )
