"""Reading the catalogue: the table of images and the individual in each of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, keys_from_columns
from tf_happywhale.catalogue.animals.identities import check_identity, id_warnings
from tf_happywhale.catalogue.animals.species import fix_species
from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.catalogue.photographs.disk_names import checked_names
from tf_happywhale.catalogue.photographs.known_names import names_as_listed
from tf_happywhale.catalogue.tables.checked_facts import check_facts
from tf_happywhale.catalogue.tables.dates_and_sides import iso_date, viewpoint_sides
from tf_happywhale.catalogue.tables.numbered_dates import in_order, iso_days, no_day_sentence
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once


def read_catalogue(
    path: Path,
    reading: Reading = PLAIN,
    folder: Path | None = None,
    *,
    must_be_there: bool = True,
    may_be_empty: bool = False,
) -> pd.DataFrame:
    """The catalogue's rows in file order: text columns image, species, individual_id, and others.

    If the `folder` of its pictures is given, `image` becomes the name that the picture has there.
    The pictures must be there, unless `must_be_there` is False. A table without rows is read only
    if it `may_be_empty`, as one that was just begun.

    A photograph may be listed several times with different numbers in the column box_number. The
    number becomes part of `image`, the key of an animal (`animals/animal_key.py`). Rows whose id
    `reading.unknown` lists are left out. A missing `species` column is filled with empty text.
    Happywhale's misspellings of species are corrected in Happywhale's own rows. A `date` whose
    month is a word becomes ISO text, and one in numbers too if `reading.date_order` says what comes
    first. A `viewpoint` R or L becomes right or left. Possible typing errors are printed.

    Raises:
        InputError: a column is missing, an image is listed twice, is not there, or its name leaves
            the folder, or an individual_id is empty or `new_individual`.
    """
    return _rows(path, reading, folder, must_be_there, may_be_empty).reset_index(drop=True)


def read_sighted_catalogue(
    path: Path,
    reading: Reading = PLAIN,
    folder: Path | None = None,
    *,
    must_be_there: bool = True,
    days: bool = False,
) -> pd.DataFrame:
    """The catalogue's rows as `read_catalogue` gives them, with times and coordinates checked.

    Args:
        days: whether dates are needed as days: then they become ISO text, and empty where no day is
            known.
        path, reading, folder, must_be_there: see `read_catalogue`.

    Raises:
        InputError: see `read_catalogue`; or a time, a coordinate, or a date if `days`, is wrong or
            can be read in two ways. It names the line.
    """
    table = _rows(path, reading, folder, must_be_there)
    names = line_names(table, path)
    table = check_facts(table, names)
    if days and "date" in table.columns:
        if sentence := no_day_sentence(list(table["date"]), path):
            say_once(sentence)
        table["date"] = iso_days(list(table["date"]), names, reading.date_order)
    return table.reset_index(drop=True)


def line_names(table: pd.DataFrame, path: Path) -> list[str]:
    """What each row of a table is, in words that begin a sentence: `Line 3 of train.csv`."""
    return [f"Line {line} of {path}" for line in table.index]


def _rows(
    path: Path,
    reading: Reading,
    folder: Path | None,
    must_be_there: bool,
    may_be_empty: bool = False,
) -> pd.DataFrame:
    """The rows, see `read_catalogue`; their index is the lines of the file."""
    table = read_text_table(path, ("image", "individual_id", *reading.columns), reading)
    if table.empty and not may_be_empty:
        raise InputError(f"{path} lists no image: add rows of image,species,individual_id.")
    table = _known_rows(table, path, reading)
    if BOX_NUMBER in table.columns:
        numbers = list(table.pop(BOX_NUMBER))
        table["image"] = keys_from_columns(list(table["image"]), numbers, str(path), table.index)
    table["image"] = checked_names(table["image"], folder, path, must_be_there=must_be_there)
    for line, identity in table["individual_id"].drop_duplicates().items():
        check_identity(identity, f"Line {line} of {path}")
    if "species" not in table.columns:
        table["species"] = ""
    table["species"] = fix_species(table["image"], table["species"], table["individual_id"])
    if "date" in table.columns:
        dates = [iso_date(cell) for cell in table["date"]]
        table["date"] = in_order(dates, line_names(table, path), reading.date_order)
    if "viewpoint" in table.columns:
        table["viewpoint"] = viewpoint_sides(table["viewpoint"])
    for sentence in id_warnings(list(table["individual_id"]), str(path)):
        say_once(sentence)
    return table


def _known_rows(table: pd.DataFrame, path: Path, reading: Reading) -> pd.DataFrame:
    """The rows whose id `reading.unknown` does not list; how many it lists is printed.

    Raises:
        InputError: it lists the id of every row.
    """
    unknown = table["individual_id"].map(reading.leaves_out).to_numpy(bool)
    if len(unknown) and unknown.all():
        raise InputError(f"{path}: data.unknown leaves out every row: remove words from it.")
    if unknown.any():
        say_once(f"{path}: {unknown.sum()} of {len(table)} rows are left out by data.unknown")
    return table[~unknown]


def read_answers(
    path: Path, reading: Reading = PLAIN, images: Collection[str] = ()
) -> dict[str, str]:
    """The individual_id (or `new_individual`) of test images, by name. Rows whose id
    `reading.unknown` lists are left out.

    Args:
        path: the table.
        reading: how it is read.
        images: names of the images to identify; the answers get these names.
    """
    table = read_text_table(path, ("image", "individual_id"), reading)
    table["image"] = names_as_listed(table["image"], images, path, "among the images to identify")
    check_names(table["image"], path, table.index)
    pairs = zip(table["image"], table["individual_id"], strict=True)
    return {image: who for image, who in pairs if not reading.leaves_out(who)}
