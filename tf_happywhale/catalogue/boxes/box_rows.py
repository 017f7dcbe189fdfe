"""Rows of a table of boxes, and which of them are of one source."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of, split_key
from tf_happywhale.catalogue.boxes.box import AnyBox
from tf_happywhale.errors import InputError

MANUAL = "manual"  # the origin of a person's rows


@dataclass(frozen=True)
class BoxRow:
    """One row of a table of boxes.

    Attributes:
        image: its name; without the ending where `stem` is set.
        source: what is in the box, empty if the table does not say.
        box: None if the row's corners span no area.
        confidence: of the detector, 0 where unknown.
        manual: drawn by a person.
        stem: whether `image` lacks its ending.
        absent: whether a person says that there is no such box.
        number: which animal of the photograph is in it, from 1; 0 if the table does not say.
        where: the file and line that it stands in, for messages.
    """

    image: str
    source: str
    box: AnyBox | None
    confidence: float
    manual: bool = False
    stem: bool = False
    absent: bool = False
    number: int = 0
    where: str = ""


def rows_of_source(
    rows: Iterable[BoxRow], source: str, images: Iterable[str], path: Path
) -> list[tuple[str, BoxRow]]:
    """The rows of one source that say something, each with its image's name with the ending.

    Args, errors: see `best_rows`.
    """
    rows = list(rows)
    check_source(rows, source, path)
    wanted = [row for row in rows if row.source in (source, "")]
    photographs = dict.fromkeys(map(photograph_of, images))
    names = _by_stem(photographs) if any(row.stem for row in wanted) else {}
    named = ((names.get(row.image) if row.stem else row.image, row) for row in wanted)
    return [(image, row) for image, row in named if image and (row.box or row.absent)]


def check_source(rows: Iterable[BoxRow], source: str, path: Path) -> None:
    """Refuse a file of boxes that has none of a source.

    Raises:
        InputError: with the sources that it has.
    """
    there = {row.source for row in rows}
    if not there & {source, ""}:
        sources = ", ".join(sorted(there))[:80] or "none"
        raise InputError(
            f"{path} has no box of source {source!r} (it has: {sources}): "
            "set records.source to one of those, or to whole."
        )


def check_boxes_of_animals(images: Iterable[str], boxed: Iterable[str], table: Path | str) -> None:
    """Refuse a catalogue that lists a second animal of an image without a box of it.

    Args:
        images: keys of the catalogue's images.
        boxed: keys that have a box of any source.
        table: of boxes, for the error.

    Raises:
        InputError: with the first such animal.
    """
    there = set(boxed)
    for key in images:
        image, number = split_key(key)
        if number > 1 and key not in there:
            raise InputError(
                f"The catalogue lists animal {number} of {image}, but {table} has no box of it: "
                f"add a row with image {image}, box_number {number} and its box, or a further box "
                "of the image if no row has a number."
            )


def is_better(row: BoxRow, other: BoxRow) -> bool:
    """Whether a row counts rather than an earlier one of the same animal. `rank_row` decides; of
    equal rows the later one counts, but of several boxes in one line the first."""
    same_line = bool(row.where) and row.where == other.where
    return rank_row(row) > rank_row(other) or (rank_row(row) == rank_row(other) and not same_line)


def rank_row(row: BoxRow) -> tuple[bool, bool, bool, float]:
    """What makes one row of an animal better than another: a person's, a box, that it is said to be
    of this animal, the confidence."""
    return row.manual, not row.absent, row.number > 0, row.confidence


def is_manual(origin: str) -> bool:
    """Whether a cell of the column `origin` says that a person drew the box."""
    return origin.strip().lower() == MANUAL


def number_or(cell: str, otherwise: float) -> float:
    """A cell of text as a number, `otherwise` where it is none."""
    try:
        value = float(cell)
    except ValueError:
        return otherwise
    return otherwise if math.isnan(value) else value


def _by_stem(images: Iterable[str]) -> dict[str, str]:
    """Image name by image name without its ending.

    Raises:
        InputError: two images differ in their ending only.
    """
    names: dict[str, str] = {}
    for image in images:
        stem = str(Path(image).with_suffix("").as_posix())
        if stem in names:
            raise InputError(
                f"{names[stem]} and {image} differ in their ending only, so that a text file of "
                "boxes could be either's: rename one."
            )
        names[stem] = image
    return names
