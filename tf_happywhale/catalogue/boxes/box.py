"""Boxes: where in a photograph the animal is, in pixels of the upright picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import (
    animal_key,
    count_animals,
    photograph_of,
    split_key,
)
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once

WHOLE = "whole"  # the source that needs no box
SAME_ANIMAL = 0.55  # intersection over union; two detected boxes that reach it are one animal
MANUAL = "manual"  # the origin of a person's rows


@dataclass(frozen=True)
class Box:
    """Pixel rectangle of the upright picture; xmax and ymax are exclusive."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    def clip(self, width: int, height: int) -> Box | None:
        """The part inside a picture of this size, or None if nothing is left."""
        xmin, ymin = max(self.xmin, 0), max(self.ymin, 0)
        xmax, ymax = min(self.xmax, width), min(self.ymax, height)
        return Box(xmin, ymin, xmax, ymax) if xmin < xmax and ymin < ymax else None


@dataclass(frozen=True)
class RelativeBox:
    """The same in shares of width and height, for boxes drawn on a picture of another size.

    `drawn_on` is the width and height of that picture, where they are known. It is left out of the
    text and of comparisons, since the same shares are the same pixels.
    """

    xmin: float
    ymin: float
    xmax: float
    ymax: float
    drawn_on: tuple[float, float] | None = field(default=None, repr=False, compare=False)

    def clip(self, width: int, height: int) -> Box | None:
        """The pixels inside a picture of this size, or None if there are none."""
        corners = (
            self.xmin * width, self.ymin * height, self.xmax * width, self.ymax * height,
        )  # fmt: skip
        # Rounded, since 3/900·900 may be a little more than 3.
        box = pixels_touched(*(round(corner, 6) for corner in corners))
        return box and box.clip(width, height)


AnyBox = Box | RelativeBox


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


def best_boxes(
    rows: Iterable[BoxRow], source: str, images: Iterable[str], path: Path
) -> dict[str, AnyBox]:
    """The box of each image for one source, by image name; as `best_rows`."""
    best = best_rows(rows, source, images, path)
    return {image: row.box for image, row in best.items() if row.box}


def best_rows(
    rows: Iterable[BoxRow], source: str, images: Iterable[str], path: Path
) -> dict[str, BoxRow]:
    """The row of each animal for one source, by its key: the image's name for the first.

    Rows that do not say what is in the box count for any source, rows without a number for the
    first animal. Where `images` name several animals of a photograph and none of its rows has a
    number, the rows are numbered as `identify` does it (see `numbered_rows`). Among an animal's
    rows a manual one wins, then one with its number, then the highest confidence, then the later
    row. A row without an area is no box; a manual one whose cells are empty says that there is
    none, and wins over detected ones, its box None.

    Args:
        rows: of `boxes_import.read_box_rows`.
        source: which boxes are wanted.
        images: keys of the images, for rows that lack the ending.
        path: where the rows come from, for the error.

    Raises:
        InputError: there are rows, but none of this source.
    """
    images = list(images)
    found: dict[str, list[BoxRow]] = {}
    for image, row in rows_of_source(rows, source, images, path):
        found.setdefault(image, []).append(row)
    animals = count_animals(images)
    _say_where_one_of_several_is_taken(found, animals, source, path)
    best: dict[str, BoxRow] = {}
    for image, own in found.items():
        for row in numbered_rows(own) if animals[image] > 1 else own:
            key = animal_key(image, row.number or 1)
            if key not in best or is_better(row, best[key]):
                best[key] = row
    return best


def _say_where_one_of_several_is_taken(
    found: Mapping[str, Sequence[BoxRow]], animals: Mapping[str, int], source: str, path: Path
) -> None:
    """Print how many photographs have several boxes, none with a number, for the one animal that is
    asked for: nothing says which of them it is."""
    several = [
        image
        for image, own in found.items()
        if animals.get(image, 1) <= 1
        and not any(row.number for row in own)
        and len(numbered_rows(own)) > 1
    ]
    if several:
        say_once(
            f"{path}: {len(several)} photographs have several boxes of source {source}, such as "
            f"{several[0]}, and one is asked for: a person's is taken, else the surest. To take "
            "another, add a row with origin manual."
        )


def numbered_rows(rows: Sequence[BoxRow], overlap: float = SAME_ANIMAL) -> list[BoxRow]:
    """One photograph's rows of one source, each with the number of its animal.

    Rows that have numbers keep them. If none has one, boxes are numbered by confidence, the highest
    first and equal ones in the order of the table; boxes that show an animal again are left out. If
    a person has drawn boxes, all of those count and no others.

    Args:
        rows: of the table, in its order.
        overlap: intersection over union at which two detected boxes are one animal.
    """
    if any(row.number for row in rows):
        return list(rows)
    drawn = {str(row.box): row for row in rows if row.manual and row.box}
    kept = list(drawn.values())
    if not kept:
        for row in sorted((row for row in rows if row.box), key=lambda row: -row.confidence):
            if all(shared_area(row.box, one.box)[0] <= overlap for one in kept):
                kept.append(row)
    return [replace(row, number=n) for n, row in enumerate(kept, start=1)]


def shared_area(one: AnyBox, other: AnyBox) -> tuple[float, float]:
    """Intersection over union, and over the smaller of two boxes; 0 if one is in pixels and the
    other in shares of the picture."""
    across = min(one.xmax, other.xmax) - max(one.xmin, other.xmin)
    down = min(one.ymax, other.ymax) - max(one.ymin, other.ymin)
    if type(one) is not type(other) or across <= 0 or down <= 0:
        return 0.0, 0.0
    first, second = ((b.xmax - b.xmin) * (b.ymax - b.ymin) for b in (one, other))
    both = across * down
    return both / (first + second - both), both / min(first, second)


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
    names = by_stem(photographs) if any(row.stem for row in wanted) else {}
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


def pixels_touched(left: float, top: float, right: float, bottom: float) -> Box | None:
    """The whole pixels that a rectangle touches; None if it has no area."""
    if not all(map(math.isfinite, (left, top, right, bottom))):
        return None
    box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return box if box.xmin < box.xmax and box.ymin < box.ymax else None


def number_or(cell: str, otherwise: float) -> float:
    """A cell of text as a number, `otherwise` where it is none."""
    try:
        value = float(cell)
    except ValueError:
        return otherwise
    return otherwise if math.isnan(value) else value


def by_stem(images: Iterable[str]) -> dict[str, str]:
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
