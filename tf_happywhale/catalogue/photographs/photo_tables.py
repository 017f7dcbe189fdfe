"""A table that says something of photographs, such as the encounter or the side in each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.catalogue.photographs.known_names import names_as_listed
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError


def cells_of(
    images: Sequence[str], by: str, column: str, reading: Reading = PLAIN
) -> dict[str, str]:
    """What a table's column says of photographs, by name; those that it does not list are missing.

    Args:
        images: names of the photographs.
        by: the table, with the columns image and `column`.
        column: its name.
        reading: how the table is read.

    Raises:
        InputError: the table is missing, names none of the photographs, or says two things of one.
    """
    file = Path(by).expanduser()
    table = read_text_table(file, ("image", column), reading)
    table["image"] = names_as_listed(table["image"], images, file, "among the photographs")
    named: dict[str, str] = {}
    for line, image, cell in table[["image", column]].itertuples():
        if named.setdefault(image, cell) != cell:
            raise InputError(
                f"Line {line} of {file} gives {image} the {column} {cell[:80]!r}, but an earlier "
                f"line gives it {named[image][:80]!r}: keep one of them."
            )
    if named.keys().isdisjoint(images):
        raise InputError(f"{by} names none of the photographs: write names like {images[0]!r}.")
    return named
