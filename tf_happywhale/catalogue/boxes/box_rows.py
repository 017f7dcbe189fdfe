"""Rows of a table of boxes, and which of them are of one source."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.catalogue.boxes.box import AnyBox
from tf_happywhale.catalogue.boxes.prominence import prominence
from tf_happywhale.errors import InputError

MANUAL = "manual"  # the origin of a person's rows


class BoxRow(NamedTuple):
    """One row of a table of boxes. A tuple, since tables have a hundred thousand of them.

    Attributes:
        image: the photograph's name; without its ending where `stem` is set.
        source: what is in the box; empty if the table does not say it.
        box: None if the row has no numbers.
        confidence: of the detector; 0 where it is not known.
        manual: whether a person drew it.
        stem: whether `image` lacks its ending.
        absent: whether a person says that there is no such box.
        number: which animal of the photograph is in it, from 1; 0 if the table does not say it.
        where: its file and line, for messages.
        rivals: other names, where a table has several columns that may name the photograph.
    """

    image: str
    source: str = ""
    box: AnyBox | None = None
    confidence: float = 0.0
    manual: bool = False
    stem: bool = False
    absent: bool = False
    number: int = 0
    where: str = ""
    rivals: tuple[str, ...] = ()


def rows_of_source(rows: Iterable[BoxRow], source: str, path: Path) -> list[BoxRow]:
    """The rows of one source that have a box, or say that there is none. Rows that do not say what
    is in the box count for any source.

    Raises:
        InputError: there are rows, but none of this source.
    """
    rows = list(rows)
    check_source(rows, source, path)
    return [row for row in rows if row.source in (source, "") and (row.box or row.absent)]


def check_source(rows: Iterable[BoxRow], source: str, path: Path) -> None:
    """Raise InputError, with the sources that there are, if a file has no box of a source."""
    there = {row.source for row in rows}
    if not there & {source, ""}:
        sources = ", ".join(sorted(there))[:80] or "none"
        raise InputError(
            f"{path} has no box of source {source!r} (it has: {sources}): set records.source to "
            "one of those, or to whole."
        )


def check_boxes_of_animals(images: Iterable[str], boxed: Iterable[str], table: Path | str) -> None:
    """Raise InputError if a catalogue lists a second animal of an image without a box of it.

    Args:
        images: keys of the catalogue's images.
        boxed: keys that have a box of any source.
        table: of boxes, for the error.
    """
    there = set(boxed)
    for key in images:
        image, number = split_key(key)
        if number > 1 and key not in there:
            raise InputError(
                f"The catalogue lists animal {number} of {image}, but {table} has no box of it: "
                f"add a row with image {image}, box_number {number} and its box, or another box "
                "of the image if no row has a number."
            )


def is_better(row: BoxRow, other: BoxRow) -> bool:
    """Whether a row counts rather than an earlier one of the same animal. `rank_row` decides. Of
    equal rows the later one counts, but of several boxes in one line the first one."""
    same_line = bool(row.where) and row.where == other.where
    return rank_row(row) > rank_row(other) or (rank_row(row) == rank_row(other) and not same_line)


def rank_row(row: BoxRow) -> tuple[bool, bool, bool, float]:
    """What makes one row of an animal better than another, the most important first: a person made
    it, it has a box, it says its animal's number, its confidence, which counts more for a large box
    in the middle of the picture (see `prominence`)."""
    sure = row.confidence * prominence(row.box) if row.box else row.confidence
    return row.manual, not row.absent, row.number > 0, sure


def is_manual(origin: str) -> bool:
    """Whether a cell of the column `origin` says that a person drew the box."""
    return origin.strip().lower() == MANUAL


def number_or(cell: str, otherwise: float) -> float:
    """A cell of text as a number; `otherwise` if it is not one."""
    try:
        value = float(cell)
    except ValueError:
        return otherwise
    return otherwise if math.isnan(value) else value
