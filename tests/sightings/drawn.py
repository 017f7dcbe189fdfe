"""Sightings for tests, in the form of `read_sightings`."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tf_happywhale.sightings.table import COLUMNS


def sightings(rows: Iterable[dict[str, str]]) -> pd.DataFrame:
    """Rows with the columns that matter; all others are empty."""
    made = [{"image": f"{n}.jpg", "box_number": "1"} | row for n, row in enumerate(rows)]
    return pd.DataFrame(made, columns=COLUMNS, dtype=object).fillna("")


def seen(who: str, date: str, **more: str) -> dict[str, str]:
    return {"individual_id": who, "date": date, **more}
