"""camtrapR's record table with individuals, one CSV: a record for each animal in a photograph.

`spatialDetectionHistory` reads Station, Species, Individual and DateTimeOriginal (`2021-04-03
10:22:59`, local time without an offset) and ignores further columns. Sources: the help pages
recordTableIndividualSample and spatialDetectionHistory of camtrapR 2.3
(https://github.com/jniedballa/camtrapR). Its columns delta.time.* are left out: that function does
not read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.found import Animal, Found, one_of
from tf_happywhale.exchange.rows import Row

FURTHER = (
    *("encounter", "latitude", "longitude", "observer"),
    *("viewpoint", "quality", "distinctiveness"),
)
KEEPS = ("species", "date", "time", "place", *FURTHER)
COLUMNS = (
    *("Station", "Species", "Individual", "DateTimeOriginal", "Date", "Time"),
    *("Directory", "FileName", *FURTHER),
)
INDIVIDUAL = ("individual", "metadata_individual")  # as read: in lower case


def to_camtrapr(rows: Sequence[Row]) -> tuple[list[dict[str, str]], list[str]]:
    """The rows of the record table, and lines on what is left out.

    Raises:
        InputError: no row has all that a record needs.
    """
    whole = [row for row in rows if row["place"] and row["date"] and row["time"]]
    if not whole:
        raise InputError(
            f"A record of camtrapR needs a place, a date and a time, and none of the {len(rows)} "
            "rows has all three: add the columns place, date and time to the catalogue."
        )
    said = []
    if len(whole) < len(rows):
        said.append(
            f"{len(rows) - len(whole)} of {len(rows)} rows lack a place, a date or a time, which "
            "camtrapR needs: left out"
        )
    zoned = sum(len(row["time"]) > 8 for row in whole)
    if zoned:
        said.append(f"{zoned} times lose their offset from UTC: give their zone as timeZone in R")
    return [_record(row) for row in whole], said


def from_camtrapr(table: pd.DataFrame, file: Path, individual: str = "") -> Found:
    """The animals of a record table.

    Args:
        table: all text, names of columns in lower case, its index the lines of the file.
        file: its name, for errors.
        individual: the column that holds the individual; empty: it is found.

    Raises:
        InputError: no column holds the individual, or two may.
    """
    key = individual.lower() or _individual_column(table, file)
    if key not in table.columns:
        raise InputError(f"{file} has no column {individual}: correct data.columns.")
    animals = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        facts = {name: row.get(name, "") for name in FURTHER}
        facts |= {"species": row.get("species", ""), "place": row["station"]}
        facts["date"] = one_of(row, ("datetimeoriginal", "date"))
        picture = "/".join(filter(None, (row.get("directory", "").rstrip("/\\"), row["filename"])))
        animals.append(Animal(picture, row[key], facts, None, f"Line {line} of {file}"))
    return Found(animals)


def _individual_column(table: pd.DataFrame, file: Path) -> str:
    there = [name for name in INDIVIDUAL if name in table.columns]
    if not there:
        raise InputError(
            f"{file} has no column Individual: make the table with recordTableIndividual, or set "
            "data.columns='{individual_id: NAME}' with the column that names the animals."
        )
    if len(there) == 2 and any(table[there[0]] != table[there[1]]):
        raise InputError(
            f"{file}: Individual and metadata_individual differ: set data.columns="
            "'{individual_id: Individual}' or '{individual_id: metadata_individual}'."
        )
    return there[0]


def _record(row: Row) -> dict[str, str]:
    path = PurePosixPath(photograph_of(row["image"]))
    folder = "" if str(path.parent) == "." else str(path.parent)
    time = row["time"][:8] if row["time"].count(":") > 1 and row["time"][5] == ":" else ""
    time = time or f"{row['time'][:5]}:00"
    return {
        "Station": row["place"],
        "Species": row["species"],
        "Individual": row["individual_id"],
        "DateTimeOriginal": f"{row['date']} {time}",
        "Date": row["date"],
        "Time": time,
        "Directory": folder,
        "FileName": path.name,
        **{name: row[name] for name in FURTHER},
    }
