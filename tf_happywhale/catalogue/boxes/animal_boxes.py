"""Which boxes of a photograph show animals to identify, and the number of each animal.

A table may number them (`box_number`). If it does not, they are numbered by confidence, the highest
first and equal ones in the order of the table. So the best box is the first animal. Rows of other
photographs do not change this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from tf_happywhale.catalogue.boxes.best_boxes import by_image, numbered_rows
from tf_happywhale.catalogue.boxes.box import shared_area
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, is_better, rows_of_source

ONE_INSIDE = 0.5  # share of the smaller box; boxes of two sources that share more are one animal


@dataclass(frozen=True)
class Telling:
    """How the animals of a photograph are told apart.

    Attributes:
        least: the lowest confidence of a second animal; the best box always counts.
        overlap: intersection over union from which two detected boxes are one animal.
    """

    least: float
    overlap: float


def animal_rows(
    rows: Iterable[BoxRow],
    source: str,
    images: Iterable[str],
    path: Path,
    telling: Telling | None,
) -> dict[str, list[BoxRow]]:
    """The rows of one source that are the animals of each photograph, in the order of their
    numbers; one row without a box if a person says that there is none.

    Args:
        images: not needed here; the arguments are those of `best_rows`.
        telling: None: only the best row, with any number.

    Other args, errors: see `best_rows`.
    """
    found = by_image(rows_of_source(rows, source, path))
    if telling is None:
        return {image: [reduce(_better, own)] for image, own in found.items()}
    return {image: tell_apart(own, telling) for image, own in found.items()}


def tell_apart(rows: Sequence[BoxRow], telling: Telling) -> list[BoxRow]:
    """The rows that are animals, of one photograph and one source, in the order of their numbers.

    Of the rows with one number the best counts, as in `best_rows`. If no row has a number, only a
    person's rows count, if there are any. Of detected rows the best counts, and each other one that
    has enough confidence and does not show the same animal again.
    """
    if any(row.number for row in rows):
        best: dict[int, BoxRow] = {}
        for row in rows:
            number = row.number or 1
            if number not in best or is_better(row, best[number]):
                best[number] = row
        numbered = [best[number] for number in sorted(best)]
        return [row for row in numbered if row.box] or numbered[:1]
    absent = [row for row in rows if row.absent]
    if absent and not any(row.manual and row.box for row in rows):
        return absent[:1]
    found = numbered_rows(rows, telling.overlap)
    return [
        row._replace(number=0)
        for row in found
        if row.manual or row.number == 1 or row.confidence >= telling.least or not row.confidence
    ]


def _better(one: BoxRow, later: BoxRow) -> BoxRow:
    return later if is_better(later, one) else one


def pair_sources(found: Mapping[str, Sequence[BoxRow]]) -> list[tuple[int, dict[str, BoxRow]]]:
    """The animals of one photograph: the number and the row of each source.

    Boxes of different sources belong together by their number, or else by how much of the smaller
    one lies in the other. A box that belongs to no box of an earlier source is a new animal, unless
    a person has drawn that source's boxes.

    Args:
        found: rows by source, the most important source first; see `tell_apart`.
    """
    boxed = {source: [row for row in rows if row.box] for source, rows in found.items()}
    every = [row for rows in boxed.values() for row in rows]
    if every and all(row.number for row in every):
        numbered: dict[int, dict[str, BoxRow]] = {}
        for source, rows in boxed.items():
            for row in rows:
                numbered.setdefault(row.number, {})[source] = row
        return sorted(numbered.items())
    animals: list[dict[str, BoxRow]] = []
    by_hand = False
    for source, rows in boxed.items():
        for row in rows:
            free = [animal for animal in animals if source not in animal]
            nearest = max(free, key=lambda animal: _nearness(row, animal), default=None)
            if nearest is not None and _nearness(row, nearest) >= ONE_INSIDE:
                nearest[source] = row
            elif row.manual or not by_hand:
                animals.append({source: row})
        by_hand = by_hand or any(row.manual for row in found[source])
    if not animals:
        return [(1, {source: rows[0] for source, rows in found.items() if rows})]
    return list(enumerate(animals, start=1))


def _nearness(row: BoxRow, animal: Mapping[str, BoxRow]) -> float:
    return max(shared_area(row.box, own.box)[1] for own in animal.values())
