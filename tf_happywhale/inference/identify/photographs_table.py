"""The table of the photographs that were identified, and what is wrong with their pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import key_columns
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.config import Quality
from tf_happywhale.pictures.quality import CropQuality, warnings
from tf_happywhale.retrieval.embeddings import Embeddings


def quality_warnings(queries: Embeddings, limits: Quality) -> dict[str, list[str]]:
    """Return the warnings about each animal's crop, by its key."""
    names = ("side", "sharpness", "confidence", "damage")
    columns = [queries.column(name).tolist() for name in names]
    return {
        image: [damage] * bool(damage)
        + warnings(CropQuality(int(side), float(sharp), float(sure or math.nan)), limits)
        for image, side, sharp, sure, damage in zip(queries.image.tolist(), *columns, strict=True)
    }


def photographs_table(
    queries: Embeddings, warned: Mapping[str, Sequence[str]], not_read: Mapping[str, str]
) -> pd.DataFrame:
    """Return photographs.csv: a row for each animal, with the box that was used and what is wrong
    with its picture, and a row for each photograph that was not read."""
    names = [*FACTS, "camera", "box", "side", "sharpness", "confidence"]
    keys = key_columns(queries.image.tolist())
    table = pd.DataFrame({**keys, **{name: queries.column(name) for name in names}})
    table["warnings"] = [" ".join(warned[image]) for image in queries.image.tolist()]
    rows = [{"image": image, "warnings": reason} for image, reason in not_read.items()]
    return pd.concat([table, pd.DataFrame(rows)]).fillna("").replace({"confidence": {"nan": ""}})
