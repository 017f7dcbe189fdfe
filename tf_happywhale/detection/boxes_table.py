"""The table `boxes.csv`, which the detector writes and a person corrects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.boxes.box_rows import is_manual
from tf_happywhale.catalogue.boxes.corner_cells import CORNERS, corner_cells
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.detection.detections import Detection
from tf_happywhale.disk.files import write_csv

COLUMNS = ["image", "source", *CORNERS, "confidence", "origin"]
WITHOUT = ["image", "source", "reason"]  # columns of without_box.csv


def write_boxes(
    path: Path, images: Iterable[str], boxes: Mapping[str, Iterable[Detection]], origin: str
) -> pd.DataFrame:
    """Write the detected boxes, and keep the file's rows whose origin is `manual`.

    Args:
        path: the boxes CSV.
        images: in the order of the rows; manual rows of other images come last.
        boxes: by image.
        origin: the detector's name.

    Returns:
        The table that was written; every cell is text.

    Raises:
        InputError: a box is too small to be written; `select_boxes` gives none of those.
    """
    manual = manual_rows(path)
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
    table = pd.concat([pd.DataFrame(rows, columns=COLUMNS, dtype=object), manual]).fillna("")
    places = {image: place for place, image in enumerate(images)}
    order = table["image"].map(lambda image: places.get(image, len(places)))
    table = table.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    write_csv(path, table)
    return table


def manual_rows(path: Path) -> pd.DataFrame:
    """Return a person's rows of a boxes CSV as text, with all columns; empty without a file."""
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    table = read_text_table(path, COLUMNS)
    further = [name for name in table.columns if name not in COLUMNS]
    return table.loc[table["origin"].map(is_manual).astype(bool), [*COLUMNS, *further]]
