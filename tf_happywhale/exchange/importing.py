"""Reading the file or folder of another program: what it says, and where its pictures may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.boxes.formats.json_values import expect, read_json
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.folders import core_file, file_in, resource_paths
from tf_happywhale.exchange.formats import (
    camtrap_dp_columns,
    camtrapr,
    coco,
    crops,
    darwin_core,
    fiftyone,
    read_camtrap_dp,
    wildbook,
    wildlife_datasets,
)
from tf_happywhale.exchange.found import Found


@dataclass(frozen=True)
class Read:
    """What an import has read.

    Attributes:
        found: the animals.
        folders: where their pictures may be.
        front: the folder in which the format keeps all pictures; names leave it out.
        endings: whether the file leaves out the endings of pictures.
    """

    found: Found
    folders: Sequence[Path]
    front: str = ""
    endings: bool = False


Import = Callable[[Path, Reading], Read]


def import_wildlife_datasets(place: Path, reading: Reading) -> Read:
    """From `metadata.csv`, or a folder with it."""
    file = file_in(place, wildlife_datasets.FILE)
    table = _table(file, ("individual_id", "path"), "identity", reading)
    table = table.rename(columns={(_named(reading) or "identity").lower(): "identity"})
    found = wildlife_datasets.from_wildlife_datasets(table, file)
    return Read(found, [file.parent], wildlife_datasets.FOLDER)


def import_coco(place: Path, reading: Reading) -> Read:
    """From a JSON file, or a folder with `annotations.json`."""
    file = file_in(place, coco.FILE)
    found = coco.from_coco(read_json(file), file, _named(reading))
    return Read(found, [file.parent, file.parent / coco.FOLDER])


def import_megadetector(place: Path, reading: Reading) -> Read:
    """Not possible: the file names no individuals."""
    raise InputError(
        f"{place} of MegaDetector has boxes and no individuals, and a catalogue holds individuals: "
        f"it is read as it is where boxes are wanted, with data.boxes={place} or "
        f"identify.boxes={place}."
    )


def import_camtrapr(place: Path, reading: Reading) -> Read:
    """From a record table."""
    table = _table(place, ("station", "filename"), "Individual", reading)
    return Read(camtrapr.from_camtrapr(table, place, _named(reading)), [place.parent])


def import_camtrap_dp(place: Path, reading: Reading) -> Read:
    """From a folder with `datapackage.json`."""
    file = file_in(place, "datapackage.json")
    tree = read_json(file)
    version = re.search(r"/camtrap-dp/(\d+)\.[^/]+/", str(expect(tree, dict, str(file))))
    if version and int(version[1]) < 1:
        raise InputError(
            f"{file} is of a version of Camtrap DP before 1.0 ({version[0].strip('/')}), which had "
            "other columns: export the package as 1.0.1 or newer."
        )
    wanted = {
        "deployments": ("deploymentid",),
        "media": ("mediaid", "filepath"),
        "observations": ("deploymentid", "observationtype"),
    }
    paths, encoded = resource_paths(tree, file), Reading(reading.encoding)
    tables = {
        name: read_text_table(file.parent / paths.get(name, f"{name}.csv"), columns, encoded)
        for name, columns in wanted.items()
    }
    found = read_camtrap_dp.from_camtrap_dp(tables, file.parent)
    return Read(found, [file.parent], camtrap_dp_columns.FOLDER)


def import_darwin_core(place: Path, reading: Reading) -> Read:
    """From a table of occurrences, or an unpacked archive with `meta.xml`."""
    if place.suffix.lower() == ".zip":
        raise InputError(f"{place} is an archive: unpack it, and name the folder.")
    file = core_file(place) if place.is_dir() else place
    table = _table(file, ("occurrenceid", "individual_id"), "organismID", reading)
    table = table.rename(columns={(_named(reading) or "organismID").lower(): "organismid"})
    return Read(darwin_core.from_darwin_core(table, file), [file.parent])


def import_wildbook(place: Path, reading: Reading) -> Read:
    """From a sheet, or a folder of sheets `bulk_import_*`."""
    files = [place]
    if place.is_dir():
        files = [file for file in shown(place.glob("bulk_import_*")) if file.is_file()]
        files.sort(key=lambda file: (len(file.name), file.name))
        if not files:
            raise InputError(f"{place} holds no bulk_import_1.xlsx or .csv: name the sheet itself.")
    every = []
    for file in files:
        asset = ("encounter.mediaasset0",)
        table = _table(file, asset, wildbook.INDIVIDUAL[0], reading)
        if wildbook.INDIVIDUAL[0].lower() not in table.columns:
            table = _table(file, asset, wildbook.INDIVIDUAL[1], reading)
        every.append(wildbook.from_wildbook(table, file, _named(reading)))
    animals = [animal for found in every for animal in found.animals]
    home = files[0].parent
    return Read(Found(animals), [home, home / wildbook.FOLDER])


def import_crops(place: Path, reading: Reading) -> Read:
    """From folders of pictures, by `individuals.csv` where it is there, else by their names."""
    table = place / crops.FILE
    if table.is_file():
        rows = read_text_table(table, ("file", "individual_id"), PLAIN)
        return Read(crops.from_crops(rows, table), [place])
    return Read(crops.from_folders(list_images(place), place), [place])


def import_fiftyone(place: Path, reading: Reading) -> Read:
    """From a folder with `labels.json` and `data/`."""
    file = file_in(place, fiftyone.FILE)
    found = fiftyone.from_fiftyone(read_json(file), file)
    return Read(found, [file.parent / fiftyone.FOLDER], endings=True)


def _table(file: Path, wanted: Sequence[str], who: str, reading: Reading) -> pd.DataFrame:
    """A table in which the column `who` holds the individuals. In a spreadsheet, a number in it is
    refused, since it may have lost zeros."""
    known = replace(reading, columns={"individual_id": reading.columns.get("individual_id") or who})
    table = read_text_table(file, wanted, known)
    name = known.columns["individual_id"]
    if name.lower() in table.columns:
        raise InputError(
            f"{file} has the column {name!r} and another one that differs by case, and each may "
            "be the individual: rename one of them."
        )
    return table.rename(columns={"individual_id": name.lower()})


def _named(reading: Reading) -> str:
    """The column or field that `data.columns` names for the individuals; empty if it does not.

    Raises:
        InputError: it names other columns, which belong to the format.
    """
    others = sorted(set(reading.columns) - {"individual_id"})
    if others:
        raise InputError(
            f"data.columns names {', '.join(others)}, but an import finds them by its format: name "
            "individual_id alone."
        )
    return reading.columns.get("individual_id", "")
