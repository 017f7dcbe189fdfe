"""A catalogue folder, made of a person's table and photographs: whole beside, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, key_columns, photograph_of
from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, check_boxes_of_animals
from tf_happywhale.catalogue.boxes.match_photographs import rows_of_photographs
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.disk.files import atomic_write, write_csv
from tf_happywhale.errors import InputError
from tf_happywhale.server.catalogue.box_table import rows_to_write, write_box_rows

TABLE, BOXES, PICTURES, TO_IDENTIFY = "train.csv", "boxes.csv", "train_images", "test_images"
AS_BROUGHT = "table_as_brought"  # and the ending of the person's file
ROOM = 1.1  # bytes that must be free for each byte that is copied


def make_catalogue(
    folder: Path,
    brought: Path,
    rows: pd.DataFrame,
    pictures: Path,
    boxes: Iterable[BoxRow] = (),
    *,
    ours: bool = False,
    may_read: Callable[[Path], Path] = Path,
) -> int:
    """Make a new catalogue folder, and return how many photographs it has.

    The person's table is kept in it as it is. `train.csv` has its rows as they were read, in this
    package's columns, so that no setting is needed to read it.

    Args:
        folder: the catalogue; it must not be there.
        brought: the person's table.
        rows: as `read_with_answers` gives them.
        pictures: the folder of the photographs.
        boxes: rows of a table of boxes, with the names that it has.
        ours: whether the photographs may be linked in place of a copy, since nobody else has them.
        may_read: raises InputError for a path that may not be read.

    Raises:
        InputError: there is no row, the folder is there, the disk is too small, or an animal of a
            photograph has no box.
    """
    if rows.empty:
        raise InputError("No row of the table is left: choose other columns, or add photographs.")
    photographs = {name: pictures / name for name in map(photograph_of, rows["image"])}
    for path in photographs.values():
        may_read(path)
    if not ours:
        _check_room(folder.parent, photographs.values())
    boxed = _boxes_of(rows, list(boxes), photographs, brought)
    if folder.exists():
        raise InputError(f"There is {folder} already: choose it, or move it away.")
    with atomic_write(folder) as making:
        for name, path in photographs.items():
            _bring(path, making / PICTURES / name, linked=ours)
        _write_tables(making, brought, rows, boxed)
    return len(photographs)


def _write_tables(
    making: Path, brought: Path, rows: pd.DataFrame, boxed: list[dict[str, str]]
) -> None:
    (making / TO_IDENTIFY).mkdir()
    write_csv(making / TABLE, _as_table(rows))
    shutil.copyfile(brought, making / f"{AS_BROUGHT}{brought.suffix.lower()[:8]}")
    if boxed:
        write_box_rows(making / BOXES, boxed)
    read_catalogue(making / TABLE, folder=making / PICTURES)  # it can be read as it is written


def _as_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in our columns: the animal's number is one of its own if any is above 1."""
    keys = key_columns(list(rows["image"]))
    several = any(number != "1" for number in keys[BOX_NUMBER])
    columns = keys if several else {"image": keys["image"]}
    first = [name for name in ("species", "individual_id", *FACTS) if name in rows.columns]
    others = [name for name in rows.columns if name not in (*columns, *first)]
    return pd.DataFrame(columns | {name: list(rows[name]) for name in (*first, *others)})


def _boxes_of(
    rows: pd.DataFrame, boxes: list[BoxRow], photographs: dict[str, Path], table: Path
) -> list[dict[str, str]]:
    """Return the boxes of the catalogue's photographs as rows to write."""
    keys, found = list(rows["image"]), []
    if boxes:
        found = rows_of_photographs(boxes, photographs, table)
    boxed: set[str] = set()
    for source in {row.source for row in found}:
        boxed |= best_rows(found, source, keys, table).keys()
    check_boxes_of_animals(keys, boxed, "the table of boxes")
    return rows_to_write(found, photographs)


def _bring(path: Path, there: Path, *, linked: bool) -> None:
    there.parent.mkdir(parents=True, exist_ok=True)
    if linked:
        try:
            os.link(path, there)
        except OSError:  # some disks have no hard links
            linked = False
    if not linked:
        shutil.copy2(path, there)


def _check_room(home: Path, pictures: Iterable[Path]) -> None:
    needed = sum(path.stat().st_size for path in pictures) * ROOM
    free = shutil.disk_usage(home).free
    if needed > free:
        raise InputError(
            f"The photographs need {needed / 1e9:.1f} GB, and the disk of {home} has "
            f"{free / 1e9:.1f} GB: make room, or choose their folder as the catalogue."
        )
