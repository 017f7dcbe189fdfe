"""The boxes of a catalogue, in `boxes.csv`: those there are, and the table with new ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, keys_from_columns, photograph_of
from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.box import Box, RelativeBox, pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import MANUAL, is_manual, number_or
from tf_happywhale.catalogue.boxes.box_text import COLUMNS, box_cells, box_text, parse_box
from tf_happywhale.catalogue.boxes.match_photographs import match_rows
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.tables.append import table_with_rows
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading, reading_of
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.confirmed import ConfirmedAnimal, image_cells, number_column
from tf_happywhale.galleries.known_animals import same_box

BOXES_FILE = "boxes.csv"
BOXES = ["image", *COLUMNS, "confidence", "origin"]


def boxed_images(root: Path, reading: Reading = PLAIN) -> list[str]:
    """Return the images that the table of boxes lists; none if there is no table."""
    path = root / BOXES_FILE
    return list(read_text_table(path, ("image",), reading)["image"]) if path.is_file() else []


def numbered_boxes(root: Path, reading: Reading = PLAIN) -> list[tuple[str, str]]:
    """Return the keys that the table of boxes gives by number, each with its box as text."""
    path = root / BOXES_FILE
    table = read_text_table(path, ("image",), reading) if path.is_file() else pd.DataFrame()
    if not {*BOXES[:6], BOX_NUMBER} <= set(table.columns):
        return []
    keys = keys_from_columns(list(table["image"]), list(table[BOX_NUMBER]), str(path), table.index)
    rows = zip(keys, table.to_dict("records"), strict=True)
    return [(key, _row_box(row)) for key, row in rows if row[BOX_NUMBER].strip() and _row_box(row)]


def boxes_by_text(
    root: Path, data: Data, identified: Iterable[str], images: Iterable[str]
) -> dict[str, str]:
    """Return the boxes of a catalogue's images as text, by image. Only sources that were used to
    identify count.

    Args:
        root: the catalogue folder.
        data: how its files are named and read.
        identified: boxes as text; their sources count.
        images: of the catalogue.
    """
    table, images = root / BOXES_FILE, list(images)
    wanted = {parse_box(box)[0] for box in identified if box}
    found: dict[str, str] = {}
    if not wanted or not table.is_file():
        return found
    folder = root / data.train_images
    paths = {image: folder / photograph_of(image) for image in images}
    rows = match_rows(read_box_rows(table, reading_of(data)), paths, [folder, root]).rows
    there = {row.source for row in rows}
    for source in sorted(wanted if "" in there else wanted & there):
        for key, row in best_rows(rows, source, images, table).items():
            if isinstance(row.box, Box):
                found.setdefault(key, box_text(source, row.box))
    return found


def table_with_boxes(
    path: Path, confirmed: Iterable[ConfirmedAnimal], reading: Reading
) -> bytes | None:
    """Return the content of the table with the boxes of confirmed animals; None if nothing is new.

    A row that is there already, such as one of a photograph to identify, is not written again. If
    it could be mistaken for another row, it is written once more with its animal's number.

    Raises:
        InputError: the table has another format, or boxes in shares of the picture; or a box is so
            small that its numbers would be read as something else.
    """
    there = path.is_file()
    own = read_text_table(path, ("image",), reading) if there else pd.DataFrame(columns=BOXES)
    pixels = set(BOXES[:6]) <= set(own.columns) and not _has_shares(path, reading)
    of: dict[str, list[dict[str, str]]] = {}
    for row in own.to_dict("records"):
        of.setdefault(row["image"], []).append(row)
    rows = []
    for one in confirmed:
        cells, (source, _) = image_cells(one), parse_box(one.box) if one.box else ("", None)
        there = of.get(cells["image"], [])
        if not one.box or (there and cells[BOX_NUMBER] == "1" and not pixels):
            continue
        alike = [row for row in there if pixels and row["source"] in (source, "")]
        its = [row for row in alike if same_box(_row_box(row, source), one.box)]
        numbers = [row.get(BOX_NUMBER, "").strip() for row in its]
        sole = len(alike) == 1 and cells[BOX_NUMBER] == "1" and "" in numbers
        if cells[BOX_NUMBER] not in numbers and not sole:
            manual = any(is_manual(row.get("origin", "")) for row in its)
            box = box_cells(one.box, one.key or one.image)
            about = {"confidence": "1", "origin": MANUAL if manual else "import"}
            rows.append({**box, **about, **cells, "alike": str(len(alike))})
    if not rows:
        return None
    if not pixels:
        raise InputError(
            f"{path} has the columns {','.join(own.columns)[:80]}, or boxes in shares of the "
            f"picture, to which boxes cannot be added: convert it to {','.join(BOXES)}."
        )
    among = any(row["alike"] != "0" for row in rows)
    new_columns = [BOX_NUMBER] if among else number_column(rows)
    if not path.is_file():
        names = [*BOXES, *new_columns]
        return pd.DataFrame(rows)[names].to_csv(index=False, lineterminator="\n").encode()
    return table_with_rows(path, rows, ("image",), reading, new_columns)


def _has_shares(path: Path, reading: Reading) -> bool:
    """Return whether a table gives boxes in shares of the picture: pixels cannot be added to it."""
    if not path.is_file():
        return False
    boxes = [row.box for row in read_box_rows(path, reading)]
    return any(isinstance(box, RelativeBox) and box.drawn_on is None for box in boxes)


def _row_box(row: Mapping[str, str], source: str = "") -> str:
    """Return the box of a row in pixels as text; empty if it has none."""
    box = pixels_touched(*(number_or(row[corner], math.nan) for corner in BOXES[2:6]))
    return box_text(row["source"] or source, box) if box else ""
