"""A catalogue or gallery in the format of another program: its files, and what is lost."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.config import Exchange
from tf_happywhale.exchange.csv_text import csv_bytes, id_warnings
from tf_happywhale.exchange.formats import (
    camtrap_dp,
    camtrap_dp_columns,
    camtrapr,
    coco,
    crops,
    darwin_core,
    fiftyone,
    megadetector,
    wildbook,
    wildlife_datasets,
)
from tf_happywhale.exchange.package import Package, Picture
from tf_happywhale.exchange.rows import Row, box_of, left_behind, lone_times, photographs_of
from tf_happywhale.exchange.sheet import writes_xlsx, xlsx_bytes
from tf_happywhale.pictures.sizes import sizes_of

Export = Callable[[Sequence[Row], Exchange], Package]


def export_wildlife_datasets(rows: Sequence[Row], settings: Exchange) -> Package:
    """`metadata.csv` and `images/`."""
    form = wildlife_datasets
    table = csv_bytes(form.COLUMNS, form.to_wildlife_datasets(rows))
    pictures = _copies(rows, settings, lambda name: f"{form.FOLDER}/{name}")
    said = [*form.refused_names(rows), *_ids(rows)]
    return Package({form.FILE: table}, pictures, tuple(said))


def export_coco(rows: Sequence[Row], settings: Exchange) -> Package:
    """`annotations.json` and `images/`."""
    tree = coco.to_coco(rows, sizes_of(photographs_of(rows)))
    pictures = _copies(rows, settings, lambda name: f"{coco.FOLDER}/{name}")
    said = [*lone_times(rows), *_whole_pictures(rows)]
    return Package({coco.FILE: _json(tree)}, pictures, tuple(said))


def export_megadetector(rows: Sequence[Row], settings: Exchange) -> Package:
    """One JSON file."""
    tree = megadetector.to_megadetector(rows, _sizes_of_boxed(rows))
    said = ["the individuals are not in this format", *left_behind(rows, megadetector.KEEPS)]
    return Package({"": _json(tree)}, {}, tuple(said))


def export_camtrapr(rows: Sequence[Row], settings: Exchange) -> Package:
    """One CSV file."""
    records, said = camtrapr.to_camtrapr(rows)
    said = [*said, *left_behind(rows, camtrapr.KEEPS), *_ids(rows)]
    return Package({"": csv_bytes(camtrapr.COLUMNS, records)}, {}, tuple(said))


def export_camtrap_dp(rows: Sequence[Row], settings: Exchange) -> Package:
    """`datapackage.json`, three tables and `media/`."""
    rows, said = camtrap_dp.whole_rows(rows)
    tables, paths = camtrap_dp.to_camtrap_dp(
        rows, _sizes_of_boxed(rows), settings.timezone, settings.species
    )
    observers = sorted({row["observer"] for row in rows} - {""})
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    tree = camtrap_dp.to_datapackage(tables, observers, now)
    files = {"datapackage.json": _json(tree)}
    for name, table in tables.items():
        files[f"{name}.csv"] = csv_bytes(camtrap_dp_columns.COLUMNS[name], table)
    said += [*camtrap_dp.broken_tags(rows), *_ids(rows)]
    return Package(files, _copies(rows, settings, paths.__getitem__), tuple(said))


def export_darwin_core(rows: Sequence[Row], settings: Exchange) -> Package:
    """`occurrence.csv` and `meta.xml`."""
    form = darwin_core
    table = csv_bytes(form.COLUMNS, form.to_darwin_core(rows, settings.species))
    files = {form.FILE: table, form.META: form.meta_xml().encode()}
    said = [*left_behind(rows, form.KEEPS), *lone_times(rows)]
    return Package(files, {}, (*said, "the photographs are named, not copied", *_ids(rows)))


def export_wildbook(rows: Sequence[Row], settings: Exchange) -> Package:
    """Sheets of at most 200 rows, `photographs/`, and the table of their new names."""
    made, names, said = wildbook.to_wildbook(rows, settings.species, settings.submitter)
    excel = writes_xlsx()
    write, ending = (xlsx_bytes, "xlsx") if excel else (csv_bytes, "csv")
    files = {
        f"bulk_import_{number}.{ending}": write(columns, part)
        for number, (columns, part) in enumerate(wildbook.sheets_of(made), start=1)
    }
    renamed = [{"photograph": old, "name": new} for old, new in names.items()]
    files["renamed.csv"] = csv_bytes(("photograph", "name"), renamed)
    pictures = _copies(rows, settings, lambda name: f"{wildbook.FOLDER}/{names[name]}")
    said = [*said, *left_behind(rows, wildbook.KEEPS)]
    if not excel:
        said += ["as CSV, because openpyxl is not installed (the extra [xlsx])", *_ids(rows)]
    return Package(files, pictures, tuple(said))


def export_crops(rows: Sequence[Row], settings: Exchange) -> Package:
    """A folder for each individual, and `individuals.csv`."""
    made = crops.to_crops(rows)
    paths = photographs_of(rows)
    pictures = {
        one["file"]: Picture(paths[photograph_of(row["image"])], box_of(row))
        for one, row in zip(made, rows, strict=True)
    }
    return Package({crops.FILE: csv_bytes(crops.COLUMNS, made)}, pictures, tuple(_ids(rows)))


def export_fiftyone(rows: Sequence[Row], settings: Exchange) -> Package:
    """`labels.json` and `data/`."""
    tree, paths = fiftyone.to_fiftyone(rows, _sizes_of_boxed(rows))
    pictures = _copies(rows, settings, paths.__getitem__)
    return Package({fiftyone.FILE: _json(tree)}, pictures, tuple(_whole_pictures(rows)))


def _copies(
    rows: Sequence[Row], settings: Exchange, path_of: Callable[[str], str]
) -> dict[str, Picture]:
    """The photographs to copy, by their path in the export; none if that is not wanted."""
    if not settings.pictures:
        return {}
    return {path_of(name): Picture(path) for name, path in photographs_of(rows).items()}


def _sizes_of_boxed(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    return sizes_of(photographs_of(row for row in rows if row["box"]))


def _ids(rows: Sequence[Row]) -> list[str]:
    return id_warnings(row["individual_id"] for row in rows)


def _whole_pictures(rows: Sequence[Row]) -> list[str]:
    count = sum(not row["box"] for row in rows)
    return [f"{count} animals without a box have the whole picture as theirs"] if count else []


def _json(tree: Any) -> bytes:
    return (json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
