"""The table `boxes.csv`, which the detector writes and a person corrects.

The boxes that the detector wrote last are kept beside it. So a row that a person has corrected is
known, also if its `origin` does not say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.boxes.box_rows import is_manual, number_or
from tf_happywhale.catalogue.boxes.corner_cells import CORNERS, corner_cells
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.detection.detections import Detection
from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import InputError

COLUMNS = ["image", "source", *CORNERS, "confidence", "origin"]
WITHOUT = ["image", "source", "reason"]  # columns of without_box.csv


def write_boxes(
    path: Path, images: Iterable[str], boxes: Mapping[str, Iterable[Detection]], origin: str
) -> pd.DataFrame:
    """Write the detected boxes, and keep the file's rows whose origin is `manual`, as
    `manual_rows` returns them.

    Args:
        path: the boxes CSV.
        images: in the order of the rows; manual rows of other images come last.
        boxes: by image.
        origin: the detector's name.

    Returns:
        The table that was written; every cell is text.

    Raises:
        InputError: a box is too small to be written; `select_boxes` gives none of those. Or see
            `manual_rows`.
    """
    manual, written = manual_rows(path), _written(path)
    rows = [
        {
            "image": image,
            "source": box.source,
            **corner_cells(tuple(map(float, box.corners)), image),
            "confidence": f"{box.confidence:.4f}",
            "origin": origin,
        }
        for image in images
        for box in boxes.get(image, ())
    ]
    detected = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    table = pd.concat([detected, manual]).fillna("")
    places = {image: place for place, image in enumerate(images)}
    order = table["image"].map(lambda image: places.get(image, len(places)))
    table = table.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    write_csv(_beside(path), pd.concat([detected, written]))  # both, if this is killed here
    write_csv(path, table)
    write_csv(_beside(path), detected)
    return table


def manual_rows(path: Path) -> pd.DataFrame:
    """Return a person's rows of a boxes CSV as text, with all columns; empty without a file.

    Raises:
        InputError: a row has been corrected, and its origin is still the detector's.
    """
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    table = read_text_table(path, COLUMNS)
    further = [name for name in table.columns if name not in COLUMNS]
    manual = table["origin"].map(is_manual).astype(bool)
    if _beside(path).is_file():
        known = set(_boxes(_written(path)))
        for line, box in zip(table.index[~manual], _boxes(table[~manual]), strict=True):
            if box not in known:
                raise InputError(
                    f"Line {line} of {path}: the box of {box[0]} was corrected or added, but its "
                    f"origin is {table['origin'][line]!r}: write manual there and it stays, or "
                    "remove the row."
                )
    return table.loc[manual, [*COLUMNS, *further]]


def _written(path: Path) -> pd.DataFrame:
    """Return what the detector wrote last, as text; empty if that is not known."""
    file = _beside(path)
    if not file.is_file():
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    return read_text_table(file, COLUMNS)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.stem}.detected.csv")


def _boxes(table: pd.DataFrame) -> list[tuple]:
    """Return image, source and corners of each row; a spreadsheet may have saved 1.20 as 1.2."""
    corners = [[number_or(cell, cell) for cell in table[name]] for name in CORNERS]
    return list(zip(table["image"], table["source"], *corners, strict=True))
