"""A folder for each individual with its crops, as many programs for training read them.

A folder has the id as its name, made safe for every file system. The table `individuals.csv` keeps
the exact ids, and all that is known of each picture. Without that table the name of the folder is
the id.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.exchange.found import Animal, Found
from tf_happywhale.exchange.rows import Row, number_of
from tf_happywhale.exchange.safe_names import safe_names

FILE = "individuals.csv"
KEEPS = ("species", *FACTS, "box")
COLUMNS = ("file", "individual_id", "image", "box_number", "box", "species", *FACTS)
ODD = r"[^A-Za-z0-9 _.-]"


def to_crops(rows: Sequence[Row]) -> list[dict[str, str]]:
    """The rows of `individuals.csv`; `file` is where the crop lies. A row without a box has the
    whole photograph."""
    folders = safe_names((row["individual_id"] for row in rows), ODD, "_")
    files = safe_names((_file_name(row) for row in rows), ODD, "_")
    return [
        {
            **{name: row[name] for name in ("individual_id", "box", "species", *FACTS)},
            "file": f"{folders[row['individual_id']]}/{files[_file_name(row)]}",
            "image": photograph_of(row["image"]),
            "box_number": str(number_of(row)),
        }
        for row in rows
    ]


def from_crops(table: pd.DataFrame, file: Path) -> Found:
    """The animals of `individuals.csv`, all text, its index the lines of `file`. A picture is a
    crop already, so it has no box."""
    animals = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        facts = {name: row.get(name, "") for name in ("species", *FACTS)}
        where = f"Line {line} of {file}"
        animals.append(Animal(row["file"], row["individual_id"], facts, None, where))
    return Found(animals)


def from_folders(names: Sequence[str], folder: Path) -> Found:
    """The animals of folders of pictures, where the name of a folder is the id.

    Args:
        names: of the pictures, relative to `folder`, as `ID/IMG_1.jpg`.
        folder: that holds the folders.
    """
    inside = [name for name in names if "/" in name]
    animals = [
        Animal(name, PurePosixPath(name).parts[0], {}, None, f"{folder / name}") for name in inside
    ]
    loose = len(names) - len(inside)
    return Found(animals, (f"{loose} pictures lie in no folder: left out",) * (loose > 0))


def _file_name(row: Row) -> str:
    """The name of a crop: the photograph's, with the number of the animal if it is not the first,
    and `.jpg` if it is cut out."""
    path, number = PurePosixPath(photograph_of(row["image"])), number_of(row)
    ending = ".jpg" if row["box"] else path.suffix
    return f"{path.with_suffix('')}{f'_{number}' if number > 1 else ''}{ending}"
