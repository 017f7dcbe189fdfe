"""Reading Camtrap DP: which individual is on which medium, when and where; see `camtrap_dp.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.boxes.box import AnyBox
from tf_happywhale.catalogue.boxes.formats.cells import to_number
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.formats.camtrap_dp_columns import TAGS
from tf_happywhale.exchange.found import Animal, Found, by_id, one_box, one_of

BOX = ("bboxx", "bboxy", "bboxwidth", "bboxheight")  # as read: in lower case


def from_camtrap_dp(tables: Mapping[str, pd.DataFrame], folder: Path) -> Found:
    """The animals of a package.

    Args:
        tables: deployments, media and observations, all text, names of columns in lower case,
            their index the lines of the files.
        folder: of the package, for errors.

    Raises:
        InputError: an observation is of a medium, or a medium of a deployment, that is not there.
    """
    media, places = (
        by_id(
            ((row[key], row) for row in tables[name].to_dict("records")),
            f"{folder / name}.csv: the {shown}",
        )
        for name, key, shown in (
            ("media", "mediaid", "mediaID"),
            ("deployments", "deploymentid", "deploymentID"),
        )
    )
    animals = []
    left: Counter[str] = Counter()
    table = tables["observations"]
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        where = f"Line {line} of {folder / 'observations.csv'}"
        if row["observationtype"] != "animal":
            left[f"observations of {row['observationtype'] or 'no type'}"] += 1
            continue
        if not row.get("mediaid"):
            left["observations of an event, which name no picture"] += 1
            continue
        medium = media.get(row["mediaid"])
        place = places.get(row["deploymentid"])
        if medium is None or place is None:
            what = "mediaID" if medium is None else "deploymentID"
            raise InputError(
                f"{where} has the {what} {row[what.lower()][:80]!r}, which its table does not "
                "list: export the package again."
            )
        animals.append(_animal(row, medium, place, where))
    return Found(animals, tuple(f"{n} {what}: left out" for what, n in left.items()))


def _animal(row: Mapping, medium: Mapping, place: Mapping, where: str) -> Animal:
    tags = _tags(row.get("observationtags", ""))
    facts = {name: tags.get(name, "") for name in TAGS if name != "species"}
    facts |= {
        "species": one_of({**row, **tags}, ("scientificname", "species")),
        "encounter": row.get("eventid", ""),
        "date": medium.get("timestamp", ""),
        "place": one_of(place, ("locationname", "locationid")),
        "latitude": place.get("latitude", ""),
        "longitude": place.get("longitude", ""),
    }
    name = one_of(medium, ("filename", "mediaid")) if "://" in medium["filepath"] else ""
    who, box = row.get("individualid", ""), _box(row, where)
    return Animal(medium["filepath"], who, facts, box, where, name)


def _box(row: Mapping, where: str) -> AnyBox | None:
    if not all(row.get(name) for name in BOX):
        return None
    four = tuple(to_number(row[name], f"{where}: {name}") for name in BOX)
    return one_box(four, where, shares=True)


def _tags(cell: str) -> dict[str, str]:
    """The tags `name:value` of a cell."""
    pairs = (tag.partition(":") for tag in cell.split("|"))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}
