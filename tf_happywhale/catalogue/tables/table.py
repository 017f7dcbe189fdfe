"""Reading the catalogue: every column is text, and every image stands in it once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import get_args

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, keys_of, split_key
from tf_happywhale.catalogue.animals.identities import (
    check_identity,
    lookalike_warnings,
    placeholder_warnings,
    shortened_warnings,
)
from tf_happywhale.catalogue.animals.species import fix_species
from tf_happywhale.catalogue.photographs.disk_names import Names, on_disk
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.rows import Rows, read_rows
from tf_happywhale.catalogue.tables.spreadsheet import is_spreadsheet, read_sheet
from tf_happywhale.catalogue.tables.text_file import decode
from tf_happywhale.catalogue.tables.values import iso_date, sides
from tf_happywhale.config import TableColumn
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError
from tf_happywhale.said import say_once

TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
NAMEABLE = get_args(TableColumn)  # what data.columns may name
ID_COLUMNS = {"image", "filename", "individual_id", "encounter"}  # text: each digit counts


def read_text_table(path: Path, columns: Collection[str], reading: Reading = PLAIN) -> pd.DataFrame:
    """Read a table as text: `09913`, `1e10`, `NA` and the empty cell stay what they are.

    A byte order mark decides the encoding, and the header decides what separates the cells. An
    .xlsx file is known by its content. Rows without any text are left out, and so are lines above
    the header. The last cells of a row may be missing if they are not wanted. A column gets its
    name in `columns`, whatever its case there, and any other its own name in small letters. Columns
    without a name are left out.

    Returns:
        The rows; their index is the line numbers of the file.

    Raises:
        InputError: the file is missing, has rows that do not fit its header, can be read in two
            ways, or lacks one of `columns`. It names the line, what was seen, and the remedy.
    """
    path = Path(path)
    rows = read_rows_of(path, columns, reading)
    places = named_columns(rows.header, columns, reading.columns, path)
    missing = [column for column in columns if column not in places]
    if missing:
        mapped = reading.columns
        call = f"Say what a column is called there with data.columns={{{missing[0]}: NAME}}."
        remedy = call if missing[0] in NAMEABLE else "Add the column."
        lacking = [f"{mapped[name]} for {name}" if name in mapped else name for name in missing]
        raise InputError(
            f"{path} lacks the column {', '.join(lacking)}: its header is "
            f"{','.join(rows.header)[:80]!r}. {remedy}"
        )
    order = sorted(places.items(), key=lambda item: item[1])
    cells = {name: [row[place] for row in rows.cells] for name, place in order}
    return pd.DataFrame(cells, index=pd.Index(rows.lines, name="line", dtype=int), dtype=object)


def read_rows_of(path: Path, columns: Collection[str], reading: Reading) -> Rows:
    """The rows of a text table or Excel sheet, with the cells unchanged.

    Raises:
        InputError: see `read_text_table`.
    """
    if not path.is_file():
        others = ", ".join(tables_in(path.parent))[:80]
        there = f"; there are {others}" if others else ""
        raise InputError(
            f"There is no file {path}{there}: check data.root and the names in the config."
        )

    def fits(header: Sequence[str]) -> int:
        found = _places(header, mapped)
        if not all(column in found for column in columns):
            return 0
        wanted = [at for name in columns or found for at in found[name]]
        return 1 + max(wanted, default=-1)

    def is_id(header: str) -> bool:
        return bool(_places([header], mapped).keys() & ID_COLUMNS)

    mapped = reading.columns
    raw = path.read_bytes()
    if is_spreadsheet(raw, path):
        return read_sheet(path, fits, is_id)
    return read_rows(decode(raw, path, reading.encoding)[0], path, fits)


def tables_in(folder: Path) -> list[str]:
    """Names of the files in a folder whose ending is one of a table."""
    files = shown(folder.glob("*")) if folder.is_dir() else ()
    return sorted(file.name for file in files if file.suffix.lower() in TABLE_ENDINGS)


def named_columns(
    header: Sequence[str], columns: Collection[str], mapped: Mapping[str, str], path: Path
) -> dict[str, int]:
    """The place of each column in a header, by our name.

    Args:
        header: names as in the file.
        columns: those that are wanted.
        mapped: what the file calls our columns.
        path: the file, for errors.

    Raises:
        InputError: a name is there twice, or two columns may be the wanted one.
    """
    names = [name for name in header if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path} has the column {twice[:80]!r} twice: rename one of them.")
    found = _places(header, mapped)
    for name in (*columns, *mapped):
        if len(found.get(name, ())) > 1:
            both = " and ".join(repr(header[place]) for place in found[name])
            raise InputError(
                f"{path} has the columns {both}, either of which may be {name}: rename one of them."
            )
    places = {name: at[0] for name, at in found.items() if len(at) == 1}
    return places | {header[at]: at for many in found.values() if len(many) > 1 for at in many}


def _places(header: Sequence[str], mapped: Mapping[str, str]) -> dict[str, list[int]]:
    """The place of each column, by our name or its own name in small letters."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        if name.strip():
            places.setdefault(name.strip().lower(), []).append(place)
    renamed = {}
    for ours, theirs in mapped.items():
        exact = [place for place, name in enumerate(header) if name.strip() == theirs.strip()]
        there = exact or places.get(theirs.strip().lower(), [])
        if there:
            renamed[ours] = there
    taken = [place for there in renamed.values() for place in there]
    own = {name: [p for p in there if p not in taken] for name, there in places.items()}
    return {name: there for name, there in own.items() if there and name not in renamed} | renamed


def read_catalogue(
    path: Path,
    reading: Reading = PLAIN,
    folder: Path | None = None,
    *,
    must_be_there: bool = True,
) -> pd.DataFrame:
    """The catalogue's rows in file order: text columns image, species, individual_id, and others.

    If the `folder` of its pictures is given, `image` is what they are called there, and they must
    be there, unless `must_be_there` is False.

    A photograph may be listed several times with different numbers in the column box_number, which
    becomes part of `image`, the key of an animal (`catalogue/animals/animal_key.py`). Rows whose id
    `reading.unknown` lists are left out. A missing `species` column is filled with empty text;
    Happywhale's own misspellings of species are mended in Happywhale's own rows. A `date` whose
    month is a word becomes ISO text, a `viewpoint` R or L right or left. What may be a typing error
    is printed.

    Raises:
        InputError: a column is missing, an image is listed twice, is not there, or its name leaves
            the folder, or an individual_id is empty or `new_individual`.
    """
    table = read_text_table(path, ("image", "individual_id", *reading.columns), reading)
    if table.empty:
        raise InputError(f"{path} lists no image: add rows image,species,individual_id.")
    table = known_rows(table, path, reading)
    if BOX_NUMBER in table.columns:
        numbers = list(table.pop(BOX_NUMBER))
        table["image"] = keys_of(list(table["image"]), numbers, str(path), table.index)
    check_names(table["image"], path, table.index)
    if folder is not None:
        table["image"] = on_disk(
            table["image"], folder, path, table.index, must_be_there=must_be_there
        )
        check_names(table["image"], path, table.index)
    for line, identity in table["individual_id"].drop_duplicates().items():
        check_identity(identity, f"{path} line {line}")
    if "species" not in table.columns:
        table["species"] = ""
    table["species"] = fix_species(table["image"], table["species"], table["individual_id"])
    if "date" in table.columns:
        table["date"] = [iso_date(cell) for cell in table["date"]]
    if "viewpoint" in table.columns:
        table["viewpoint"] = sides(table["viewpoint"])
    for sentence in (
        *lookalike_warnings(table["individual_id"], str(path)),
        *shortened_warnings(table["individual_id"], str(path)),
        *placeholder_warnings(list(table["individual_id"]), list(table["species"]), str(path)),
    ):
        say_once(sentence)
    return table.reset_index(drop=True)


def known_rows(table: pd.DataFrame, path: Path, reading: Reading) -> pd.DataFrame:
    """The rows whose id `reading.unknown` does not list; how many it lists is printed.

    Raises:
        InputError: it lists the id of every row.
    """
    unknown = table["individual_id"].map(reading.leaves_out).to_numpy(bool)
    if unknown.all():
        raise InputError(f"{path}: data.unknown leaves out every row: correct it.")
    if unknown.any():
        say_once(f"{path}: {unknown.sum()} of {len(table)} rows are left out by data.unknown")
    return table[~unknown]


def read_answers(
    path: Path, reading: Reading = PLAIN, images: Collection[str] = ()
) -> dict[str, str]:
    """The individual_id (or `new_individual`) of held-out images, by name; rows whose id
    `reading.unknown` lists are left out.

    Args:
        path: the table.
        reading: how it is read.
        images: names of the images to identify; the answers get these names.
    """
    table = read_text_table(path, ("image", "individual_id"), reading)
    table["image"] = same_names(table["image"], images, path, "among the images to identify")
    check_names(table["image"], path, table.index)
    pairs = zip(table["image"], table["individual_id"], strict=True)
    return {image: who for image, who in pairs if not reading.leaves_out(who)}


def same_names(written: pd.Series, names: Iterable[str], path: Path, place: str) -> list[str]:
    """A table's names of pictures, written as in `names`; a name that is not there is unchanged.

    Args:
        written: a column; its index is the table's line numbers.
        names: of the pictures.
        path: the table.
        place: where the pictures are, in words for the errors.
    """
    index = Names(names, place)
    return [index.find(name, f"{path} line {line}") or name for line, name in written.items()]


def check_names(names: Iterable[str], path: Path, lines: Iterable[int] | None = None) -> None:
    """Refuse images listed twice and names that lead out of the image folder.

    Args:
        names: of images, or keys of animals in them.
        path: the table or folder that they are from.
        lines: of each name in it, if it is a table.

    Raises:
        InputError: with the first such name.
    """
    seen: dict[tuple[str, int], str] = {}
    places = repeat("") if lines is None else (f" line {line}" for line in lines)
    for key, place in zip(names, places, strict=lines is not None):
        name, number = split_key(key)
        pure = PurePosixPath(name.replace("\\", "/"))
        if (str(pure), number) in seen:
            before = seen[str(pure), number]
            first = f", first in{before}" if before else ""
            raise InputError(
                f"{path}{place} lists the image {name[:80]!r} twice with box number {number}"
                f"{first}: keep one of the rows. If it shows several animals, count them 1, 2, 3 "
                f"in a column {BOX_NUMBER}, here and in the table of boxes (data.boxes={path.name} "
                "if their boxes are in this table)."
            )
        seen[str(pure), number] = place
        if ":" in name and not pure.is_absolute() and not re.match(r"[A-Za-z]+:[\\/]", name):
            raise InputError(
                f"{path}{place} names the image {name[:80]!r}, which holds a colon, and other "
                "systems take that for a disk: rename the file, without a colon."
            )
        if not name or pure.is_absolute() or ".." in pure.parts or "\0" in name or ":" in name:
            raise InputError(
                f"{path}{place} names the image {name[:80]!r}, which is not inside the image "
                "folder: give a name relative to it."
            )
