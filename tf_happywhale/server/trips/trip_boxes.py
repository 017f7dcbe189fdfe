"""The boxes of a trip's photographs: what a person drew, what a table says, what was found.

They are kept in `boxes.csv` in the trip's folder, in the package's own format, so that
`identify.boxes` takes it. A photograph that the table does not name has the boxes that the last
`identify` found, or none: then it is used whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER
from tf_happywhale.catalogue.boxes.animal_boxes import Telling, tell_apart
from tf_happywhale.catalogue.boxes.box import Box, pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import MANUAL, BoxRow
from tf_happywhale.catalogue.boxes.box_text import parse_box
from tf_happywhale.catalogue.boxes.corner_cells import CORNERS, can_be_written
from tf_happywhale.catalogue.boxes.formats.megadetector import NO_ANIMALS
from tf_happywhale.catalogue.boxes.match_photographs import rows_of_photographs
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.sizes import size_of
from tf_happywhale.server.catalogue.box_table import rows_to_write, table_row, write_box_rows

TABLE, PHOTOGRAPHS, FOUND = "boxes.csv", "photographs", "found/photographs.csv"
MOST = 200  # boxes in a photograph
WAIT = 30.0  # seconds for another person's change
TELLING = Telling(least=0.2, overlap=0.55)  # the usual of identify.min_confidence, detect.overlap
Rows = list[dict[str, str]]


class Changed(Exception):
    """Somebody else has changed the boxes meanwhile."""


def read_rows(trip: Path) -> Rows:
    """Return the rows of a trip's own table, all text."""
    path = trip / TABLE
    if not path.is_file():
        return []
    return read_text_table(path, ("image",)).to_dict("records")


def boxes_of(trip: Path, image: str, sources: set[str]) -> dict[str, Any]:
    """Return the boxes of a photograph: `boxes` with number, corners in pixels of the upright
    picture, and origin; and `version`, which changes when anybody changes them.

    Args:
        trip: its folder.
        image: the photograph's name.
        sources: which rows count.
    """
    version = digest(_rows_of(read_rows(trip), image, sources))
    return {"boxes": all_boxes(trip, sources).get(image, []), "version": version}


def all_boxes(trip: Path, sources: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the boxes of all photographs of a trip by name, as `boxes_of` has them. One without
    boxes may be missing."""
    shown = _found(trip)
    table = trip / TABLE
    rows = read_box_rows(table) if table.is_file() else []
    named: dict[str, list[BoxRow]] = {}
    for row in rows:
        if row.source in sources and (row.box or row.absent):
            named.setdefault(row.image, []).append(row)
    for image, own in named.items():
        animals = [row for row in tell_apart(own, TELLING) if row.box]
        shown[image] = [_box(n, row) for n, row in enumerate(animals, start=1)]
    return shown


def put_boxes(
    trip: Path,
    image: str,
    corners: Sequence[Sequence[float]] | None,
    source: str,
    sources: set[str],
    version: str | None = None,
) -> None:
    """Replace the boxes of one photograph by a person's, whole or not at all.

    Args:
        trip: its folder.
        image: the photograph's name; it must be there.
        corners: xmin, ymin, xmax, ymax of each box, in pixels of the upright picture. None of them:
            a person says that there is no box. None: what is found counts again.
        source: what is in the boxes.
        sources: whose rows are replaced.
        version: of `boxes_of`, as the person saw it; None: any.

    Raises:
        InputError: a box is not inside the photograph, or there are too many.
        Changed: somebody else has changed them meanwhile.
    """
    boxes = None if corners is None else checked_boxes(corners, trip / PHOTOGRAPHS / image)
    with locked(trip / TABLE, "changing the boxes of", wait=WAIT):
        rows = read_rows(trip)
        before = _rows_of(rows, image, sources)
        if version is not None and version != digest(before):
            raise Changed
        kept = [row for row in rows if row not in before]
        if boxes is not None:
            numbered = enumerate(boxes or [None], start=1)
            kept += [table_row(image, n, source, box, 0, MANUAL) for n, box in numbered]
        write_box_rows(trip / TABLE, sorted(kept, key=lambda row: row["image"]))


def bring_boxes(trip: Path, file: Path, source: str) -> int:
    """Add the boxes of a file in any format, and return how many photographs it names. A
    photograph's rows replace those it has, unless a person drew these.

    Args:
        trip: its folder.
        file: see `read_box_rows`.
        source: what is in boxes of rows that do not say it.

    Raises:
        InputError: the file cannot be read, or names none of the photographs.
    """
    photographs = {p.name: p for p in (trip / PHOTOGRAPHS).iterdir() if p.name[0] != "."}
    rows = [row for row in read_box_rows(file) if row.source not in NO_ANIMALS]
    found = rows_of_photographs(rows, photographs, file)
    new = rows_to_write(found, photographs)
    with locked(trip / TABLE, "changing the boxes of", wait=WAIT):
        rows = read_rows(trip)
        drawn = {row["image"] for row in rows if row["origin"] == MANUAL}
        new = [row | {"source": row["source"] or source} for row in new]
        new = [row for row in new if row["image"] not in drawn]
        named = {row["image"] for row in new}
        kept = [row for row in rows if row["image"] not in named]
        write_box_rows(trip / TABLE, sorted(kept + new, key=lambda row: row["image"]))
    return len(named)


def boxes_word(trip: Path, sources: set[str]) -> list[str]:
    """Return the setting that lets `identify` use a trip's boxes; none if it has none to use."""
    there = trip / PHOTOGRAPHS
    usable = any(
        row.get("source", "") in sources and (there / row["image"]).is_file()
        for row in read_rows(trip)
    )
    return [f"identify.boxes={trip / TABLE}"] if usable else []


def checked_boxes(corners: Sequence[Sequence[float]], photograph: Path) -> list[Box]:
    """Return boxes as whole pixels inside a photograph.

    Raises:
        InputError: one has no area inside it, or is the pixel in the corner, whose numbers a table
            could not tell from the whole picture; or there are too many.
    """
    if len(corners) > MOST:
        raise InputError(f"A photograph has at most {MOST} boxes: leave some out.")
    width, height = size_of(photograph)
    boxes = []
    for number, four in enumerate(corners, start=1):
        box = pixels_touched(*four) if all(map(math.isfinite, four)) else None
        inside = box.clip(width, height) if box else None
        if inside is None:
            raise InputError(
                f"Box {number} has no area inside the photograph, which has {width} x {height} "
                "pixels: draw it again."
            )
        if not can_be_written((inside.xmin, inside.ymin, inside.xmax, inside.ymax)):
            raise InputError(f"Box {number} is one pixel in the corner: draw a larger one.")
        boxes.append(inside)
    return boxes


def _rows_of(rows: Rows, image: str, sources: set[str]) -> Rows:
    return [r for r in rows if r["image"] == image and r.get("source", "") in sources]


def _box(number: int, row: BoxRow) -> dict[str, Any]:
    corners = {name: getattr(row.box, name) for name in CORNERS}
    return {"number": row.number or number, **corners, "origin": MANUAL if row.manual else "table"}


def _found(trip: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the boxes that the last `identify` has used, by photograph."""
    path = trip / FOUND
    found: dict[str, list[dict[str, Any]]] = {}
    if not path.is_file():
        return found
    rows: Sequence[Mapping[str, str]] = read_text_table(path, ("image",)).to_dict("records")
    for row in rows:
        if row.get("box"):
            box = parse_box(row["box"])[1]
            corners = {name: getattr(box, name) for name in CORNERS}
            number = int(row.get(BOX_NUMBER) or 1)
            found.setdefault(row["image"], []).append(
                {"number": number, **corners, "origin": "detector"}
            )
    return found
