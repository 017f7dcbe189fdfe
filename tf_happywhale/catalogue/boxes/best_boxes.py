"""The best box of each animal, and how boxes without numbers are numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import animal_key, count_animals
from tf_happywhale.catalogue.boxes.box import AnyBox, shared_area
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, is_better, rows_of_source
from tf_happywhale.messages import say_once

SAME_ANIMAL = 0.55  # intersection over union; two detected boxes that reach it are one animal


def best_boxes(
    rows: Iterable[BoxRow], source: str, images: Iterable[str], path: Path
) -> dict[str, AnyBox]:
    """The box of each animal for one source, by its key; see `best_rows`."""
    best = best_rows(rows, source, images, path)
    return {key: row.box for key, row in best.items() if row.box}


def best_rows(
    rows: Iterable[BoxRow], source: str, images: Iterable[str], path: Path
) -> dict[str, BoxRow]:
    """The row of each animal for one source, by its key: the image's name for the first animal.

    Rows that do not say what is in the box count for any source, rows without a number for the
    first animal. Where `images` name several animals of a photograph and none of its rows has a
    number, the rows are numbered as `identify` does it (see `numbered_rows`). Of an animal's rows
    the best one counts (see `is_better`). A row without a box counts only if a person made it: it
    says that there is no box, and wins over a detector's box.

    Args:
        rows: of `read_box_rows`, with the photographs' names.
        source: which boxes are wanted.
        images: keys of the animals.
        path: where the rows come from, for messages.

    Raises:
        InputError: there are rows, but none of this source.
    """
    found = by_image(rows_of_source(rows, source, path))
    animals = count_animals(images)
    _say_where_one_of_several_is_taken(found, animals, source, path)
    best: dict[str, BoxRow] = {}
    for image, own in found.items():
        for row in numbered_rows(own) if animals[image] > 1 else own:
            key = animal_key(image, row.number or 1)
            if key not in best or is_better(row, best[key]):
                best[key] = row
    return best


def by_image(rows: Iterable[BoxRow]) -> dict[str, list[BoxRow]]:
    """The rows of each photograph, in their order."""
    found: dict[str, list[BoxRow]] = {}
    for row in rows:
        found.setdefault(row.image, []).append(row)
    return found


def _say_where_one_of_several_is_taken(
    found: Mapping[str, Sequence[BoxRow]], animals: Mapping[str, int], source: str, path: Path
) -> None:
    """Print how many photographs have several boxes without numbers where one animal is wanted:
    nothing says which box is the animal's."""
    several = [
        image
        for image, own in found.items()
        if len(own) > 1
        and animals.get(image, 1) <= 1
        and not any(row.number for row in own)
        and len(numbered_rows(own)) > 1
    ]
    if several:
        say_once(
            f"{path}: {len(several)} photographs have several boxes of source {source}, such as "
            f"{several[0]}, and one is wanted: a person's box is taken, or else the one with the "
            "highest confidence, which counts more for a large one in the middle. To take another, "
            "add a row with origin manual."
        )


def numbered_rows(rows: Sequence[BoxRow], overlap: float = SAME_ANIMAL) -> list[BoxRow]:
    """One photograph's rows of one source, each with the number of its animal.

    If a row has a number, all rows stay as they are. If none has one, boxes are numbered by
    confidence, the highest first and equal ones in the order of the table; boxes that show an
    animal again are left out. If a person has drawn boxes, all of those count and no others.

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
    return [row._replace(number=n) for n, row in enumerate(kept, start=1)]
