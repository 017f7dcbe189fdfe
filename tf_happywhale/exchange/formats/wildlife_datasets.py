"""The metadata of wildlife-datasets: `metadata.csv` and the pictures that it names.

`image_id`, `identity` and `path` are required; `bbox` is `[x, y, width, height]` in pixels, `date`
is one that pandas reads, further columns are allowed, and `unknown` is nobody. Source:
docs/dataframe.md and `Dataset_Metadata` (datasets/general.py) of
https://github.com/WildlifeDatasets/wildlife-datasets, version 1.0.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.formats.cells import is_empty
from tf_happywhale.catalogue.boxes.formats.json_values import four_numbers, parse_json
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.found import Animal, Found, one_box, one_of
from tf_happywhale.exchange.rows import Row, box_of, moment_of

FILE, FOLDER, NOBODY = "metadata.csv", "images", "unknown"
KEEPS = ("species", *FACTS, "box")
FURTHER = tuple(name for name in FACTS if name not in ("date", "viewpoint"))
COLUMNS = ("image_id", "identity", "path", "bbox", "date", "orientation", "species", *FURTHER)


def to_wildlife_datasets(rows: Sequence[Row]) -> list[dict[str, str]]:
    """The rows of `metadata.csv`.

    Raises:
        InputError: an individual is called `unknown`.
    """
    if any(row["individual_id"] == NOBODY for row in rows):
        raise InputError(
            f"An individual is called {NOBODY!r}, which means nobody in this format: rename it."
        )
    # pandas reads one form of dates in a column, so all dates have their time, or none has.
    timed = all(row["time"].count(":") > 1 for row in rows if row["date"])
    return [
        {
            "image_id": row["image"],
            "identity": row["individual_id"],
            "path": f"{FOLDER}/{photograph_of(row['image'])}",
            "bbox": _bbox(row),
            "date": moment_of({**row, "time": row["time"][:8] if timed else ""}),
            "orientation": row["viewpoint"],
            **{name: row[name] for name in ("species", *FURTHER)},
        }
        for row in rows
    ]


def refused_names(rows: Sequence[Row]) -> list[str]:
    """A line on names of photographs that the package refuses; none if there are none."""
    names = sorted(
        {name for name in (photograph_of(r["image"]) for r in rows) if not _is_latin(name)}
    )
    if not names:
        return []
    return [
        f"{len(names)} photographs have letters beyond ISO 8859-1 in their names, such as "
        f"{names[0][:60]!r}, which wildlife-datasets refuses unless check_files=False"
    ]


def from_wildlife_datasets(table: pd.DataFrame, file: Path) -> Found:
    """The animals of such a table, all text, its index the lines of `file`.

    Raises:
        InputError: a bbox is not four numbers with an area.
    """
    animals = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        where = f"Line {line} of {file}"
        facts = {name: row.get(name, "") for name in ("species", "date", *FURTHER)}
        if facts["time"]:
            facts["date"] = facts["date"][:10]
        facts["viewpoint"] = one_of(row, ("orientation", "position", "viewpoint"))
        who = "" if row["identity"] == NOBODY else row["identity"]
        animals.append(Animal(row["path"], who, facts, _box(row.get("bbox", ""), where), where))
    return Found(animals)


def _is_latin(name: str) -> bool:
    try:
        name.encode("iso-8859-1")
    except UnicodeEncodeError:
        return False
    return True


def _bbox(row: Row) -> str:
    box = box_of(row)
    if box is None:
        return ""
    return f"[{box.xmin}, {box.ymin}, {box.xmax - box.xmin}, {box.ymax - box.ymin}]"


def _box(cell: str, where: str):
    if is_empty(cell):
        return None
    four = four_numbers(parse_json(cell, f"{where}: the bbox"), where)
    return one_box(four, where, shares=False)
