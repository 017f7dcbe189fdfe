"""How close decisions are: the order of the report's queries, and the range of its bars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, keys_from_columns
from tf_happywhale.errors import InputError

COLUMNS = ("image", "rank", "individual_id", "score", "p_new", "reference_image")


def closest_first(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, those of queries whose first two scores are closest first.

    Queries with fewer than two scores come last. In the result, image and reference_image are keys
    of animals (see `catalogue/animals/animal_key.py`), and the other columns are text and numbers.

    Raises:
        InputError: a column is missing, or a rank is not a number or occurs twice.
    """
    missing = [column for column in COLUMNS if column not in predictions.columns]
    if missing:
        raise InputError(
            f"The predictions lack the column {', '.join(missing)}: they need {','.join(COLUMNS)}."
        )
    table = predictions.loc[:, list(COLUMNS)].copy()
    for column in ("image", "individual_id", "reference_image"):
        table[column] = _text(table[column])
    for prefix in ("", "reference_"):
        if f"{prefix}{BOX_NUMBER}" in predictions.columns:
            numbers = _text(predictions[f"{prefix}{BOX_NUMBER}"])
            images = table[f"{prefix}image"]
            table[f"{prefix}image"] = keys_from_columns(
                list(images), list(numbers), "the predictions"
            )
    for column in ("score", "p_new", "rank"):
        table[column] = pd.to_numeric(table[column], errors="coerce").astype("float64")
    if table["rank"].isna().any():
        raise InputError("The predictions have a rank that is not a number: run rank again.")
    table = table.sort_values(["image", "rank"], kind="stable", ignore_index=True)
    twice = table.duplicated(["image", "rank"])
    if twice.any():
        raise InputError(
            f"The predictions list a rank of the image {table['image'][twice.idxmax()]!r} twice: "
            "run rank again."
        )
    best = table.groupby("image", sort=False)["score"]
    first, second = best.nth(0), best.nth(1)
    first.index, second.index = table["image"][first.index], table["image"][second.index]
    gap = (first - second.reindex(first.index)).abs().round(9)
    table["gap"] = table["image"].map(gap).fillna(np.inf)
    return table.sort_values(["gap", "image", "rank"], kind="stable", ignore_index=True)


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str)


def bar_range(scores: pd.Series) -> tuple[float, float]:
    """Return the scores of an empty and a full bar: 0 and 1 for cosines, else the extremes."""
    finite = scores[np.isfinite(scores)]
    if finite.empty or (finite.min() >= -1 and finite.max() <= 1):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 1, high)
