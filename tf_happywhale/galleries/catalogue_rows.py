"""New rows in a catalogue for confirmed animals, with their photographs and boxes.

If adding is stopped half-way and done again, the catalogue ends as if it had been done once:
photographs are told apart by their content, not by their name.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, keys_from_columns, photograph_of
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.disk_names import names_on_disk
from tf_happywhale.catalogue.tables.append import table_with_rows
from tf_happywhale.catalogue.tables.dates_and_sides import viewpoint_as_in
from tf_happywhale.catalogue.tables.dates_of_images import date_as_in
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import atomic_write, write_bytes
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.catalogue_boxes import BOXES_FILE, table_with_boxes
from tf_happywhale.galleries.confirmed import ConfirmedAnimal, image_cells, number_column
from tf_happywhale.messages import say_once

BY_PEOPLE = ("place", "observer", "quality", "distinctiveness")  # no camera says it again


def add_to_catalogue(
    root: Path,
    catalogue: str,
    train_images: str,
    confirmed: Sequence[ConfirmedAnimal],
    reading: Reading = PLAIN,
) -> int:
    """Copy photographs into a catalogue folder, add rows for their animals, and return how many
    rows were new.

    Pictures and boxes are written first and the catalogue's rows last, so that no row is ever
    there without its picture. Each file is written whole or not at all.

    Args:
        root: the catalogue folder.
        catalogue: the name of its table.
        train_images: the name of its folder of pictures.
        confirmed: the animals.
        reading: how its tables are read.

    Raises:
        InputError: an animal is another individual in the catalogue, the boxes are in another
            format, or a photograph was replaced by another one.
    """
    folder = root / train_images
    table = read_catalogue(
        root / catalogue, reading, folder, must_be_there=False, may_be_empty=True
    )
    known = dict(zip(table["image"], table["individual_id"], strict=True))
    for one in confirmed:
        if known.get(one.image, one.individual_id) != one.individual_id:
            raise InputError(
                f"{root / catalogue} has {one.image} as {known[one.image]}, but it was decided to "
                f"be {one.individual_id}: change one of them."
            )
    added = [one for one in confirmed if one.image not in known]
    whole = _with_confirmed(root / catalogue, added, reading, folder)
    boxes = table_with_boxes(root / BOXES_FILE, confirmed, reading)
    for one in confirmed:
        if one.path is not None:
            _copy(one.path, folder / photograph_of(one.image), one.content)
    if boxes is not None:
        write_bytes(root / BOXES_FILE, boxes)
    if added:
        write_bytes(root / catalogue, whole)
    return len(added)


def _with_confirmed(
    path: Path, added: Sequence[ConfirmedAnimal], reading: Reading, folder: Path
) -> bytes:
    """Return the content of the catalogue with the rows of new animals."""
    there = read_text_table(path, ("image", "individual_id"), reading)
    numbers = list(there[BOX_NUMBER]) if BOX_NUMBER in there.columns else None
    keys = keys_from_columns(list(there["image"]), numbers, str(path), there.index)
    names = names_on_disk(keys, folder, path, there.index, must_be_there=False)
    pairs = zip(names, there["individual_id"], strict=True)
    unknown = {image: who for image, who in pairs if reading.leaves_out(who)}
    for one in added:
        if one.image in unknown:
            raise InputError(
                f"{path} has {one.image} as {unknown[one.image]!r}, which data.unknown leaves out, "
                f"but it was decided to be {one.individual_id}: correct that row."
            )
    rows = [_cells(one, there) | image_cells(one) for one in added]
    lost = [name for name in BY_PEOPLE if name not in there and any(r.get(name) for r in rows)]
    if lost:
        say_once(
            f"{path} has no column {' and '.join(lost)}, so what is known of it is not in the new "
            "rows: add the column and fill it in"
        )
    return table_with_rows(path, rows, ("image", "individual_id"), reading, number_column(rows))


def _cells(one: ConfirmedAnimal, there: pd.DataFrame) -> dict[str, str]:
    """Return the cells of an animal's row. Its date and its side are written as the other rows
    have them."""
    facts = ("species", "individual_id", "encounter", "date", "viewpoint")
    cells = {name: getattr(one, name) for name in facts} | dict(one.further)
    for name, as_in in (("date", date_as_in), ("viewpoint", viewpoint_as_in)):
        if name in there:
            cells[name] = as_in(there[name].tolist(), cells[name])
    return cells


def _copy(source: Path, target: Path, content: str) -> None:
    """Copy a photograph whose SHA-256 is `content`, unless the target is there."""
    if target.is_file():
        return
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)
        if sha256(temporary) != content:
            raise InputError(
                f"{source} has become another photograph while it was copied: nothing of it was "
                "kept; add again."
            )
