"""Sightings as a new catalogue folder: `train.csv`, `boxes.csv` and `train_images/`."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, photograph_of
from tf_happywhale.catalogue.boxes.corner_cells import CORNERS, corner_cells
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.exchange.csv_text import csv_bytes
from tf_happywhale.exchange.package import Package, Picture
from tf_happywhale.exchange.rows import Row, box_of, number_of, photographs_of

TABLE, BOXES, FOLDER = "train.csv", "boxes.csv", "train_images"


def catalogue_package(rows: Sequence[Row], pictures: bool) -> Package:
    """The files of a new catalogue. Facts that no row has get no column. What part of an animal a
    box shows is not known, so that the box counts for any.

    Args:
        rows: of the sightings.
        pictures: whether the photographs are copied.

    Raises:
        InputError: a box is so small that its numbers would be read as something else.
    """
    several = [BOX_NUMBER] if any(number_of(row) > 1 for row in rows) else []
    facts = [name for name in FACTS if any(row[name] for row in rows)]
    columns = ["image", *several, "species", "individual_id", *facts]
    named = [{**row, **_name(row)} for row in rows]
    files = {TABLE: csv_bytes(columns, named)}
    boxed = [{**_name(row), **_corners(row)} for row in rows if row["box"]]
    if boxed:
        columns = ["image", *several, "source", *CORNERS, "confidence", "origin"]
        files[BOXES] = csv_bytes(columns, boxed)
    own = photographs_of(rows) if pictures else {}
    return Package(files, {f"{FOLDER}/{name}": Picture(path) for name, path in own.items()})


def lacking_boxes(rows: Sequence[Row]) -> list[str]:
    """A line on second and further animals of a photograph that have no box, if there are any."""
    count = sum(number_of(row) > 1 and not row["box"] for row in rows)
    return [
        f"{count} further animals of a photograph have no box: add it to {BOXES} before a gallery "
        "is built"
    ] * (count > 0)


def _name(row: Row) -> dict[str, str]:
    return {"image": photograph_of(row["image"]), BOX_NUMBER: str(number_of(row))}


def _corners(row: Row) -> dict[str, str]:
    box = box_of(row)
    cells = corner_cells((box.xmin, box.ymin, box.xmax, box.ymax), row["image"])
    return {**cells, "source": "", "confidence": "1", "origin": "import"}
