"""What a table says of the photographs to identify: when and where they were taken, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tf_happywhale.catalogue.photographs.known_names import names_as_listed
from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.catalogue.tables.checked_facts import check_facts
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.catalogue.tables.numbered_dates import iso_days
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError

OTHERS = ("encounter", "viewpoint")  # columns that have a setting of their own
COLUMNS = ("species", *(name for name in FACTS if name not in OTHERS))


def with_facts(photos: Sequence[Photo], by: str | None, reading: Reading = PLAIN) -> list[Photo]:
    """The photographs with what a table says of each.

    Args:
        photos: the photographs.
        by: the table, with the column image and some of `COLUMNS`; None: nothing is known.
        reading: how the table is read.

    Raises:
        InputError: the table is missing, has none of the columns, names none of the photographs, or
            lists one twice; or a date, a time or a place is wrong or can be read in two ways.
    """
    if by is None:
        return list(photos)
    file, images = Path(by).expanduser(), [photo.image for photo in photos]
    table = read_text_table(file, ("image",), reading)
    there = [name for name in COLUMNS if name in table.columns]
    if not there:
        raise InputError(
            f"{file} says nothing of when and where: it needs one of the columns "
            f"{', '.join(COLUMNS)}, or name yours with data.columns."
        )
    lines = [f"Line {line} of {file}" for line in table.index]
    table = check_facts(table, lines)
    if "date" in there:
        table["date"] = iso_days(list(table["date"]), lines, reading.date_order)
    table["image"] = names_as_listed(table["image"], images, file, "among the photographs")
    twice = table["image"].duplicated()
    if twice.any():
        raise InputError(
            f"{lines[int(twice.to_numpy().argmax())]} lists {table['image'][twice].iloc[0]} again: "
            "keep one line for each photograph."
        )
    said = dict(zip(table["image"], table[there].to_dict("records"), strict=True))
    if said.keys().isdisjoint(images):
        raise InputError(f"{by} names none of the photographs: write names like {images[0]!r}.")
    return [replace(photo, facts=said.get(photo.image, {})) for photo in photos]
