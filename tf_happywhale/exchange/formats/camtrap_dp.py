"""Camtrap DP 1.0.2, the camera trap data package: `datapackage.json`, three tables, and `media/`.

Each photograph is a medium, each animal in it an observation with `individualID`, and each place
that photographs were taken at a deployment. Sources: the profile and the table schemas of
https://github.com/tdwg/camtrap-dp, the fields of camtrapdp 0.1 on PyPI, and the package that
https://github.com/inbo/camtrapdp writes in its tests. What has no field of its own is a tag
(`observationTags`, `name:value` with bars between them).
"""

from __future__ import annotations

import datetime
import mimetypes
from collections.abc import Mapping, Sequence

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.boxes import shares_of
from tf_happywhale.exchange.formats.camtrap_dp_columns import FOLDER, TAGS
from tf_happywhale.exchange.formats.coco import Sizes
from tf_happywhale.exchange.rows import Row, box_of
from tf_happywhale.exchange.safe_names import safe_names
from tf_happywhale.exchange.species_names import scientific_name
from tf_happywhale.exchange.time_zones import with_offset

SCHEMAS = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2"
NEEDED = ("date", "time", "latitude", "longitude")
Table = list[dict[str, str]]


def whole_rows(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows that have what the package requires, and a line on the others.

    Raises:
        InputError: there are none.
    """
    whole = [row for row in rows if all(row[name] for name in NEEDED)]
    if not whole:
        raise InputError(
            f"Camtrap DP requires {', '.join(NEEDED)} of each photograph, and none of the "
            f"{len(rows)} rows has all four: add them to the catalogue's table."
        )
    left = len(rows) - len(whole)
    said = f"{left} of {len(rows)} rows lack {', '.join(NEEDED)} or one of them: left out"
    return whole, [said] * (left > 0)


def to_camtrap_dp(
    rows: Sequence[Row], sizes: Sizes, timezone: str | None, species: Mapping[str, str]
) -> tuple[dict[str, Table], dict[str, str]]:
    """The three tables by name, and the path of each photograph in the package by its name.

    Args:
        rows: that have all of `NEEDED`.
        sizes: width and height of each photograph that has a box, by name.
        timezone: see `with_offset`.
        species: scientific names by species.
    """
    moments = [with_offset(r["date"], r["time"], timezone, r["image"]) for r in rows]
    paths = _paths(photograph_of(row["image"]) for row in rows)
    spots = list(dict.fromkeys(map(_spot, rows)))
    names = {spot: f"deployment-{number}" for number, spot in enumerate(spots, start=1)}
    deployments = [
        _deployment(spot, name, [m for r, m in zip(rows, moments, strict=True) if _spot(r) == spot])
        for spot, name in names.items()
    ]
    media: dict[str, dict[str, str]] = {}
    observations = []
    for row, moment in zip(rows, moments, strict=True):
        photograph, deployment = photograph_of(row["image"]), names[_spot(row)]
        media.setdefault(photograph, _medium(photograph, paths[photograph], deployment, moment))
        box = box_of(row)
        four = map(repr, shares_of(box, *sizes[photograph])) if box else [""] * 4
        observations.append(
            {
                "observationID": row["image"],
                "deploymentID": deployment,
                "mediaID": photograph,
                "eventID": row["encounter"],
                "eventStart": moment,
                "eventEnd": moment,
                "observationLevel": "media",
                "observationType": "animal",
                "scientificName": scientific_name(row["species"], species),
                "count": "1",
                "individualID": row["individual_id"],
                **dict(zip(("bboxX", "bboxY", "bboxWidth", "bboxHeight"), four, strict=True)),
                "observationTags": _tags(row, species),
            }
        )
    tables = {"deployments": deployments, "media": list(media.values())}
    return {**tables, "observations": observations}, paths


def broken_tags(rows: Sequence[Row]) -> list[str]:
    """A line on values with a bar, which parts tags; none if there are none."""
    count = sum("|" in row[name] for row in rows for name in TAGS)
    return [f"{count} values hold a bar, which parts tags: left out"] if count else []


def to_datapackage(tables: Mapping[str, Table], observers: Sequence[str], now: str) -> dict:
    """The tree of `datapackage.json`.

    Args:
        tables: see `to_camtrap_dp`.
        observers: who took the photographs; they become contributors.
        now: when the package is made, ISO 8601 with an offset.
    """
    latitudes = [float(one["latitude"]) for one in tables["deployments"]]
    longitudes = [float(one["longitude"]) for one in tables["deployments"]]
    days = sorted(one["timestamp"][:10] for one in tables["media"])
    kinds = dict.fromkeys(one["scientificName"] for one in tables["observations"])
    west, south, east, north = min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    point = {"type": "Point", "coordinates": [west, south]}
    area = {"type": "Polygon", "coordinates": [ring]}
    return {
        "profile": f"{SCHEMAS}/camtrap-dp-profile.json",
        "name": "individuals",
        "created": now,
        "contributors": [{"title": name} for name in observers or ("not known",)],
        "project": {
            "title": "Photographs of individuals",
            "samplingDesign": "opportunistic",
            "captureMethod": ["activityDetection"],
            "individualAnimals": True,
            "observationLevel": ["media"],
        },
        "spatial": point if (west, south) == (east, north) else area,
        "temporal": {"start": days[0], "end": days[-1]},
        "taxonomic": [{"scientificName": kind} for kind in kinds if kind],
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": f"{SCHEMAS}/{name}-table-schema.json",
            }
            for name in tables
        ],
    }


def _paths(photographs) -> dict[str, str]:
    """The path of each photograph in the package, which may not hold two dots in a row, nor begin
    with a dot or a tilde."""
    names = dict.fromkeys(photographs)
    odd = any(".." in name or name[0] in ".~" for name in names)
    safe = safe_names(names, r"[^A-Za-z0-9_ -]", "_") if odd else {name: name for name in names}
    return {name: f"{FOLDER}/{safe[name]}" for name in names}


def _spot(row: Row) -> tuple[str, str, str]:
    return row["place"], row["latitude"], row["longitude"]


def _deployment(spot: tuple[str, str, str], name: str, moments: Sequence[str]) -> dict[str, str]:
    place, latitude, longitude = spot
    first, *_, last = sorted([*moments, moments[0]], key=datetime.datetime.fromisoformat)
    return {
        "deploymentID": name,
        "locationName": place,
        "latitude": latitude,
        "longitude": longitude,
        "deploymentStart": first,
        "deploymentEnd": last,
    }


def _medium(photograph: str, path: str, deployment: str, moment: str) -> dict[str, str]:
    return {
        "mediaID": photograph,
        "deploymentID": deployment,
        "timestamp": moment,
        "filePath": path,
        "filePublic": "false",
        "fileName": photograph,
        "fileMediatype": mimetypes.guess_type(photograph)[0] or "image/jpeg",
    }


def _tags(row: Row, species: Mapping[str, str]) -> str:
    facts = {name: row[name] for name in TAGS}
    if scientific_name(row["species"], species):
        facts["species"] = ""
    return " | ".join(
        f"{name}:{value}" for name, value in facts.items() if value and "|" not in value
    )
