"""Wildbook's bulk import: sheets of at most 200 encounters, and the photographs beside them.

Each animal in a photograph is an encounter. File names may have letters, digits, dots and spaces
alone, so the photographs are renamed. A place is written as `verbatimLocality`, which takes any
text, and as `locationID`, which must be one of Wildbook's own. Source: the pages "Bulk Import" and
"Bulk Import FAQ" of https://github.com/WildMeOrg/wildbook-docs. Columns without data are left out,
as that page asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.found import Animal, Found, one_of
from tf_happywhale.exchange.rows import Row
from tf_happywhale.exchange.safe_names import safe_names
from tf_happywhale.exchange.species_names import scientific_name

MOST, FOLDER = 200, "photographs"  # rows of a sheet; the folder of the photographs
KEEPS = ("species", "encounter", "date", "time", "latitude", "longitude", "place")
COLUMNS = (
    *("Encounter.mediaAsset0", "MarkedIndividual.individualID", "Encounter.genus"),
    *("Encounter.specificEpithet", "Encounter.year", "Encounter.month", "Encounter.day"),
    *("Encounter.hour", "Encounter.minutes", "Encounter.locationID", "Encounter.verbatimLocality"),
    *("Encounter.decimalLatitude", "Encounter.decimalLongitude", "Encounter.sightingID"),
    "Encounter.submitterID",
)
NEEDED = {  # what Wildbook asks for, and the column of ours that gives it
    "Encounter.genus": "species with a scientific name (exchange.species)",
    "Encounter.year": "date",
    "where": "place or coordinates",
}
INDIVIDUAL = ("MarkedIndividual.individualID", "Encounter.individualID")  # one is the other's copy


def to_wildbook(
    rows: Sequence[Row], species: Mapping[str, str], submitter: str | None
) -> tuple[list[dict[str, str]], dict[str, str], list[str]]:
    """The rows of all sheets, the new name of each photograph by its own, and lines on what
    Wildbook will ask for.

    Args:
        rows: of the export.
        species: scientific names by species.
        submitter: the user's name in Wildbook.
    """
    names = safe_names((photograph_of(row["image"]) for row in rows), r"[^A-Za-z0-9. ]", " ")
    groups = safe_names((r["encounter"] for r in rows if r["encounter"]), r"[^A-Za-z0-9_-]", "_")
    made = []
    for row in rows:
        genus, _, epithet = scientific_name(row["species"], species).partition(" ")
        year, month, day = row["date"].split("-") if row["date"] else ("", "", "")
        cells = (
            *(names[photograph_of(row["image"])], row["individual_id"], genus, epithet),
            *(year, month.lstrip("0"), day.lstrip("0"), row["time"][:2], row["time"][3:5]),
            *(row["place"], row["place"], row["latitude"], row["longitude"]),
            *(groups.get(row["encounter"], "").replace(".", "_"), submitter or ""),
        )
        made.append(dict(zip(COLUMNS, cells, strict=True)))
    return made, names, _asked_for(made)


def sheets_of(made: Sequence[dict[str, str]]) -> list[tuple[list[str], list[dict[str, str]]]]:
    """The columns and rows of each sheet; the columns are those with data in any sheet."""
    columns = [name for name in COLUMNS if any(row[name] for row in made)]
    parts = (made[start : start + MOST] for start in range(0, len(made), MOST))
    return [(columns, list(part)) for part in parts]


def from_wildbook(table: pd.DataFrame, file: Path, individual: str = "") -> Found:
    """The animals of a sheet. An encounter with several photographs is an animal in each of them.

    Args:
        table: all text, names of columns in lower case, its index the lines of the file.
        file: its name, for errors.
        individual: the column that holds the individual; empty: one of `INDIVIDUAL`.

    Raises:
        InputError: both of them are there, and differ.
    """
    named = [name.lower() for name in ([individual] if individual else INDIVIDUAL)]
    assets = [name for name in table.columns if re.fullmatch(r"encounter\.mediaasset\d+", name)]
    animals = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        facts = {
            "species": _species(row),
            "encounter": one_of(row, ("encounter.sightingid", "sighting.sightingid")),
            "date": _date(row),
            "time": _time(row),
            "latitude": row.get("encounter.decimallatitude", ""),
            "longitude": row.get("encounter.decimallongitude", ""),
            "place": one_of(row, ("encounter.locationid", "encounter.verbatimlocality")),
        }
        who = {row[name].strip() for name in named if row.get(name, "").strip()}
        if len(who) > 1:
            raise InputError(
                f"Line {line} of {file} has two individuals, {' and '.join(sorted(who))[:80]}: set "
                f"data.columns='{{individual_id: {INDIVIDUAL[0]}}}', or the other column."
            )
        own = [row[name] for name in assets if row[name].strip()]
        where = f"Line {line} of {file}"
        animals += [Animal(asset, "".join(who), facts, None, where) for asset in own]
    return Found(animals)


def _asked_for(made: Sequence[Mapping[str, str]]) -> list[str]:
    """Lines on rows that lack what Wildbook asks for."""
    lacking = {
        name: sum(not row[name] for row in made) for name in ("Encounter.genus", "Encounter.year")
    }
    somewhere = ("Encounter.verbatimLocality", "Encounter.decimalLatitude")
    lacking["where"] = sum(not any(row[name] for name in somewhere) for row in made)
    return [
        f"{count} of {len(made)} rows have no {NEEDED[name]}, which Wildbook asks for: fill it in "
        "before you send them"
        for name, count in lacking.items()
        if count
    ]


def _species(row: Mapping[str, str]) -> str:
    parts = (row.get(f"encounter.{part}", "").strip() for part in ("genus", "specificepithet"))
    return " ".join(filter(None, parts))


def _date(row: Mapping[str, str]) -> str:
    """The day as ISO text; a year or a month alone stays so."""
    parts = [row.get(f"encounter.{part}", "").strip() for part in ("year", "month", "day")]
    known = [part.zfill(2) for part in parts if part]
    return "-".join(known) if all(parts[: len(known)]) else ""


def _time(row: Mapping[str, str]) -> str:
    hour, minutes = (row.get(f"encounter.{part}", "").strip() for part in ("hour", "minutes"))
    return f"{hour.zfill(2)}:{minutes.zfill(2)}" if hour and minutes else ""
