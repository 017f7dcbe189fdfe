"""Groups: the individuals that were seen together."""

from __future__ import annotations

import pandas as pd

from tf_happywhale.sightings.capture_history import Chosen
from tf_happywhale.sightings.occasions import day_of

ENCOUNTER, DAY_PLACE, DAY = "encounter", "day_place", "day"


def groups_of(chosen: Chosen, by: str) -> tuple[pd.DataFrame, list[str]]:
    """Return who was seen in which group, and sentences on what could not be used.

    Args:
        chosen: the sightings that count.
        by: encounter; day_place, all that is seen at a place on a day; or day.

    Returns:
        A row for each individual of each group: individual_id, group, day, place; in the order of
        day, group and individual. An encounter of several days is a group on each of them.
    """
    table = chosen.table.assign(day=[day_of(text).isoformat() for text in chosen.table["date"]])
    column = {ENCOUNTER: "encounter", DAY_PLACE: "place", DAY: "day"}[by]
    known = table[table[column] != ""]
    lines = []
    if len(known) < len(table):
        lines.append(
            f"{len(table) - len(known)} photographs name no {column}: they are in no group."
        )
    if known.empty:
        return pd.DataFrame(columns=["individual_id", "group", "day", "place"], dtype=str), lines
    days = known.groupby("encounter")["day"].nunique()
    several = set(days.index[days > 1]) if by == ENCOUNTER else set()
    if several:
        lines.append(
            f"{len(several)} encounters have photographs of several days: each day is a group."
        )
    if by == ENCOUNTER:
        labels = [
            f"{day} {name}" if name in several else name
            for name, day in zip(known["encounter"], known["day"], strict=True)
        ]
    elif by == DAY:
        labels = known["day"].tolist()
    else:
        labels = [f"{day} {place}" for day, place in zip(known["day"], known["place"], strict=True)]
    groups = known.assign(group=labels)[["individual_id", "group", "day", "place"]]
    groups = groups.sort_values(["day", "group", "individual_id", "place"])
    return groups.drop_duplicates(["group", "individual_id"]).reset_index(drop=True), lines


def group_by(chosen: Chosen, asked: str | None) -> str:
    """Return what makes a group: what was asked for; else the encounter if any has several
    individuals, and day and place if none has: then each is of one animal."""
    if asked:
        return asked
    named = chosen.table[chosen.table["encounter"] != ""]
    several = named.groupby("encounter")["individual_id"].nunique() > 1
    return ENCOUNTER if several.any() else DAY_PLACE
