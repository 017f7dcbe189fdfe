"""The table of sightings as rows for an export, and what a format leaves behind of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of, split_key
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.errors import InputError

Row = Mapping[str, str]
KEPT_BY_ALL = ("image", "individual_id", "box_number", "picture")


def rows_in_order(sightings: pd.DataFrame) -> list[Row]:
    """The rows; the animals of a photograph stand together, in the order of their numbers. So a
    reader that counts them gives them the same numbers."""
    places: dict[str, int] = {}
    for key in sightings["image"]:
        places.setdefault(photograph_of(key), len(places))
    rows = sightings.to_dict("records")
    return sorted(rows, key=lambda row: (places[photograph_of(row["image"])], number_of(row)))


def number_of(row: Row) -> int:
    """Which animal of its photograph it is, from 1."""
    return split_key(row["image"])[1]


def box_of(row: Row) -> Box | None:
    """Its box in pixels; None if it has none."""
    return Box(*map(int, row["box"].split(","))) if row["box"] else None


def moment_of(row: Row, between: str = " ") -> str:
    """Its day, with its time behind it if it has one; empty if the day is not known."""
    return f"{row['date']}{between}{row['time']}" if row["date"] and row["time"] else row["date"]


def photographs_of(rows: Iterable[Row]) -> dict[str, Path]:
    """The path of each photograph, by name.

    Raises:
        InputError: the table does not say where a picture is.
    """
    found = {}
    for row in rows:
        name = photograph_of(row["image"])
        if not row["picture"]:
            raise InputError(
                f"Nobody says where the picture {name} is: name the catalogue's folder or a "
                "gallery, or set exchange.pictures=false if the format has no boxes in shares."
            )
        found[name] = Path(row["picture"])
    return found


def lone_times(rows: Iterable[Row]) -> list[str]:
    """A line on times without a day, for formats that join both; none if there are none."""
    count = sum(bool(row["time"]) and not row["date"] for row in rows)
    return [f"{count} times have no day, which this format needs: left out"] if count else []


def left_behind(rows: Iterable[Row], keeps: Collection[str]) -> list[str]:
    """A line on the cells that a format has no place for; none if it holds all of them.

    Args:
        rows: of the export.
        keeps: the columns that the format holds.
    """
    rows = list(rows)
    lost = [name for name in ("species", *FACTS, "box") if name not in keeps]
    counts = {name: sum(bool(row[name]) for row in rows) for name in lost}
    words = [f"{name} ({count} rows)" for name, count in counts.items() if count]
    return [f"not in this format: {', '.join(words)}"] if words else []
