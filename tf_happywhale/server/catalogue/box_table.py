"""Boxes as the rows of `boxes.csv`, in the package's own columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER
from tf_happywhale.catalogue.boxes.box import AnyBox, Box, RelativeBox
from tf_happywhale.catalogue.boxes.box_rows import MANUAL, BoxRow
from tf_happywhale.catalogue.boxes.corner_cells import CORNERS, corner_cells
from tf_happywhale.disk.files import write_csv
from tf_happywhale.pictures.sizes import size_of

COLUMNS = ("image", BOX_NUMBER, "source", *CORNERS, "confidence", "origin")
TABLE = "table"  # the origin of boxes from a table that does not say who drew them


def table_row(
    image: str, number: int, source: str, box: Box | None, confidence: float, origin: str
) -> dict[str, str]:
    """Return a row; without a box it says that there is none.

    Raises:
        InputError: the box is so small that its numbers would be read as something else.
    """
    cells = dict.fromkeys(CORNERS, "")
    if box:
        cells = corner_cells((box.xmin, box.ymin, box.xmax, box.ymax), image)
    return {
        "image": image,
        BOX_NUMBER: str(number) if number else "",
        "source": source,
        **cells,
        "confidence": f"{confidence:.4f}" if confidence else "",
        "origin": origin,
    }


def rows_to_write(rows: Iterable[BoxRow], pictures: Mapping[str, Path]) -> list[dict[str, str]]:
    """Return rows of any format as rows of this table. Rows without a box stay only if a person
    says that there is none.

    Args:
        rows: with the photographs' names.
        pictures: path by name; a box in shares of the picture becomes pixels.

    Raises:
        InputError: the size of a photograph is needed, and it cannot be read; or see `table_row`.
    """
    found = []
    for row in rows:
        box = _in_pixels(row.box, pictures[row.image])
        if box or row.absent:
            origin = MANUAL if row.manual else TABLE
            found.append(table_row(row.image, row.number, row.source, box, row.confidence, origin))
    return found


def write_box_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write the table, whole or not at all."""
    write_csv(path, pd.DataFrame(list(rows), columns=list(COLUMNS), dtype=object).fillna(""))


def _in_pixels(box: AnyBox | None, picture: Path) -> Box | None:
    return box.clip(*size_of(picture)) if isinstance(box, RelativeBox) else box
