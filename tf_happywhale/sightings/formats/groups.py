"""Who was seen with whom, as the tables of SOCPROG and of the R package asnipe.

Both take a row for each individual of each group. asnipe: the individual in the first column and
the group in the second, `ID,GROUP` (help of `get_group_by_individual`). SOCPROG: its linear mode
reads a column each for the date, the group and the individual, and asks which is which (Whitehead
2009, SOCPROG programs, Behavioral Ecology and Sociobiology 63:765-778).
"""

from __future__ import annotations

import pandas as pd

from tf_happywhale.sightings.formats.mark import quoted_csv


def socprog_text(groups: pd.DataFrame) -> str:
    """Return the table `ID,GROUP,DATE,PLACE`; `groups`: see `groups_of`."""
    return _text(groups, {"ID": "individual_id", "GROUP": "group", "DATE": "day", "PLACE": "place"})


def asnipe_text(groups: pd.DataFrame) -> str:
    """Return the table `ID,GROUP`; `groups`: see `groups_of`."""
    return _text(groups, {"ID": "individual_id", "GROUP": "group"})


def _text(groups: pd.DataFrame, columns: dict[str, str]) -> str:
    rows = zip(*(groups[name] for name in columns.values()), strict=True)
    return quoted_csv(tuple(columns), list(rows))
