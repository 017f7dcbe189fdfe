"""The table of decisions that the pages export, as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import (
    BOX_NUMBER,
    keys_from_columns,
    photograph_of,
)
from tf_happywhale.catalogue.photographs.known_names import names_as_listed
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.catalogue.tables.text_file import encoding_of_own

APART = "apart"  # an animal is none of a group of new animals
DECISIONS = ("match", "new", "skip", APART)


def read_decision_table(path: Path, encoding: str | None, images: Iterable[str]) -> pd.DataFrame:
    """Return the table of decisions, with keys of animals as `image`. Names that a spreadsheet or
    another computer has changed are corrected by those of `images`.

    Raises:
        InputError: the table lacks a column, or names an animal in two ways.
    """
    reading = Reading(encoding_of_own(path, encoding))
    table = read_text_table(path, ("image", "decision", "individual_id"), reading)
    numbers = list(table[BOX_NUMBER]) if BOX_NUMBER in table.columns else None
    table["image"] = keys_from_columns(list(table["image"]), numbers, str(path), table.index)
    photographs = dict.fromkeys(map(photograph_of, images))
    table["image"] = names_as_listed(table["image"], photographs, path, "among those identified")
    return table
