"""From what a file says to a table of sightings: ids, dates, places and names are checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import animal_key
from tf_happywhale.catalogue.animals.identities import check_identity, id_warnings
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.catalogue.tables.checked_facts import check_facts
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.catalogue.tables.numbered_dates import iso_days, no_day_sentence
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.found import Animal, Found
from tf_happywhale.sightings.table import COLUMNS


def known_animals(found: Found, place: Path, reading: Reading) -> tuple[list[Animal], list[str]]:
    """The animals that somebody knows, and lines on what is left out, or may mean nobody.

    Args:
        found: what was read.
        place: the file or folder, for errors.
        reading: says which texts mean that nobody knows an animal (`data.unknown`).

    Raises:
        InputError: nobody knows any, or an id cannot be one.
    """
    known = [
        animal
        for animal in found.animals
        if animal.individual_id.strip() and not reading.leaves_out(animal.individual_id)
    ]
    if not known:
        raise InputError(
            f"{place} names no individual ({len(found.animals)} animals without one), and a "
            "catalogue holds known animals: choose another file, or name the column of the "
            "individuals with data.columns='{individual_id: NAME}'."
        )
    for animal in known:
        check_identity(animal.individual_id, animal.where)
    nobody = len(found.animals) - len(known)
    more = [f"{nobody} animals without an individual are left out"] if nobody else []
    ids = [animal.individual_id for animal in known]
    return known, [*found.said, *more, *id_warnings(ids, str(place))]


def image_names(animals: Sequence[Animal], folder_of_format: str) -> list[str]:
    """The name of each animal's photograph in the new catalogue: the path, without the folder in
    which the format keeps all pictures.

    Raises:
        InputError: a path leads out of its folder.
    """
    names = [animal.name or _plain(animal.picture) for animal in animals]
    for animal, name in zip(animals, names, strict=True):
        check_inside(name, animal.where)
    front = f"{folder_of_format}/"
    if folder_of_format and all(name.startswith(front) for name in names):
        names = [name.removeprefix(front) for name in names]
    return names


def check_inside(name: str, where: str) -> None:
    """Raise InputError if a name leads out of the folder of the pictures."""
    try:
        check_names([name], Path(where))
    except InputError:
        raise InputError(
            f"{where} names the picture {name[:80]!r}, which is not inside the folder of the "
            "pictures: set exchange.folder to the folder that holds it, or correct the name."
        ) from None


def sightings_of(
    animals: Sequence[Animal],
    names: Sequence[str],
    pictures: Mapping[str, Path],
    sizes: Mapping[str, tuple[int, int]],
    place: Path,
    date_order: str | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """The table of sightings, and lines on dates that are not known. The animals of a photograph
    are numbered in the order of the file.

    Args:
        animals: that somebody knows.
        names: of their photographs in the new catalogue.
        pictures: where the photographs are, by name; empty: they are not there.
        sizes: width and height of those with a box in shares, by name.
        place: the file, for messages.
        date_order: `data.date_order`.

    Raises:
        InputError: a date, a time or a place is wrong or can be read in two ways, or a box lies
            outside its picture.
    """
    wheres = [animal.where for animal in animals]
    numbers: Counter[str] = Counter()
    rows = []
    for animal, name in zip(animals, names, strict=True):
        numbers[name] += 1
        about = {"box": _box_text(animal, name, sizes), "picture": str(pictures.get(name, ""))}
        rows.append({**_row(animal, name, numbers[name]), **about})
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    written = list(table["date"])
    moments = [day.partition(" ") for day in iso_days(written, wheres, date_order)]
    table["date"] = [day for day, _, _ in moments]
    times = zip(table["time"], (clock for _, _, clock in moments), strict=True)
    table["time"] = [time or clock for time, clock in times]
    table = check_facts(table, wheres)
    sentence = no_day_sentence(written, place)
    return table, [sentence] * bool(sentence)


def _row(animal: Animal, name: str, number: int) -> dict[str, str]:
    return {
        **{fact: animal.facts.get(fact, "") for fact in ("species", *FACTS)},
        "image": animal_key(name, number),
        "individual_id": animal.individual_id,
        "box_number": str(number),
    }


def _plain(path: str) -> str:
    """A path as a name: with slashes, without `./` in front."""
    return re.sub(r"^(\./)+", "", path.replace("\\", "/"))


def _box_text(animal: Animal, name: str, sizes: Mapping[str, tuple[int, int]]) -> str:
    box = animal.box
    if box is None:
        return ""
    if not isinstance(box, Box):
        if name not in sizes:
            return ""
        box = box.clip(*sizes[name])
        if box is None:
            raise InputError(f"{animal.where} has a box outside its picture: correct it.")
    return f"{box.xmin},{box.ymin},{box.xmax},{box.ymax}"
