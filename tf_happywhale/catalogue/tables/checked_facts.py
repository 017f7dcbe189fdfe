"""The columns of a table that say when and where, checked as what they are. They stay text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tf_happywhale.catalogue.tables.clock_times import checked_clock
from tf_happywhale.catalogue.tables.coordinates import checked_coordinate
from tf_happywhale.errors import InputError


def check_facts(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The table with `time`, `latitude` and `longitude` in one form each, as far as it has them.

    Args:
        table: text columns.
        names: what each row is, in words that begin a sentence: `Line 3 of train.csv`.

    Raises:
        InputError: a time of day or a coordinate cannot be read, or a row has only one coordinate.
    """
    checked = {}
    if "time" in table.columns:
        pairs = zip(table["time"], names, strict=True)
        checked["time"] = [checked_clock(cell, name) for cell, name in pairs]
    for which in ("latitude", "longitude"):
        if which in table.columns:
            pairs = zip(table[which], names, strict=True)
            checked[which] = [checked_coordinate(cell, which, name) for cell, name in pairs]
    nothing = [""] * len(table)
    both = zip(*(checked.get(which, nothing) for which in ("latitude", "longitude")), strict=True)
    for name, (latitude, longitude) in zip(names, both, strict=True):
        if bool(latitude) != bool(longitude):
            there, lacking = ("latitude", "longitude")[:: 1 if latitude else -1]
            raise InputError(
                f"{name} has a {there} and no {lacking}: a place needs both, or leave both empty."
            )
    return table.assign(**checked)
