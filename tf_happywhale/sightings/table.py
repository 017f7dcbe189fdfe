"""The table of sightings: a row for each animal in a photograph, with when and where it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of, split_key
from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.box import AnyBox, Box
from tf_happywhale.catalogue.boxes.match_photographs import match_rows
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_sighted_catalogue
from tf_happywhale.catalogue.photographs.times_taken import contents_and_facts
from tf_happywhale.catalogue.photographs.when_and_where import (
    difference_sentences,
    table_before_camera,
)
from tf_happywhale.catalogue.tables.checked_facts import check_facts
from tf_happywhale.catalogue.tables.dates_and_sides import viewpoint_sides
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.catalogue.tables.numbered_dates import iso_days, no_day_sentence
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.catalogue.tables.table import TABLE_ENDINGS
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery, open_gallery
from tf_happywhale.messages import say_once
from tf_happywhale.pictures.sizes import size_of
from tf_happywhale.sightings.one_photograph import check_photographs

COLUMNS = ("image", "individual_id", "species", *FACTS, "box_number", "box", "picture", "camera")


def read_sightings(place: Path, data: Data | None = None, home: Path | None = None) -> pd.DataFrame:
    """Read who was seen when and where. Dates are ISO days, and times of day are in their own
    column. A date that names no day, such as `2021-04`, counts as not known, which is printed.
    Where the table of a catalogue folder does not say when or where, the cameras (EXIF) do.

    Args:
        place: a gallery; a catalogue folder; or a table with the columns image and individual_id,
            and as many of the others as it has.
        data: how tables are named and read; None: the defaults.
        home: the folder in which it is remembered what the cameras of a catalogue folder say; None:
            its photographs are read each time.

    Returns:
        `COLUMNS`, all text, empty where nothing is known. `image` is the animal's key, `box` is
        `xmin,ymin,xmax,ymax` in pixels, `picture` is a path. Rows stand in the order of the place.

    Raises:
        InputError: it is none of these, or a date, a time or a place is wrong or can be read in two
            ways. It names the line, or the image of a gallery, and the fix.
    """
    place, data = Path(place).expanduser(), data or Data()
    if is_gallery(place):
        found, where = _of_gallery(place, data), str(place)
    elif place.is_file() and place.suffix.lower() in TABLE_ENDINGS:
        found, where = read_sighted_catalogue(place, reading_of(data), days=True), str(place)
    elif (place / data.catalogue).is_file():
        found, where = _of_catalogue(place, data, home), str(place / data.catalogue)
    elif not place.exists():
        raise InputError(f"There is no {place}: check the name.")
    else:
        raise InputError(
            f"{place} is neither a gallery (with gallery.json), nor a catalogue folder (with "
            f"{data.catalogue}), nor a table (.csv, .tsv, .txt or .xlsx): name one of those."
        )
    return _in_columns(found, where)


def _of_gallery(folder: Path, data: Data) -> pd.DataFrame:
    images = open_gallery(folder).images()
    names = [f"{key} in {folder}" for key in images.image.tolist()]
    columns = {
        name: images.column(name).tolist() for name in ("species", *FACTS, "picture", "camera")
    }
    boxes = [box.rsplit(" ", 4)[1:] for box in images.column("box").tolist()]
    table = pd.DataFrame(
        {
            "image": images.image.tolist(),
            "individual_id": images.individual_id.tolist(),
            **columns,
            "box": [",".join(corners) for corners in boxes],
        },
        dtype=object,
    )
    table = check_facts(table, names)
    table["date"] = iso_days(columns["date"], names, data.date_order)
    table["viewpoint"] = viewpoint_sides(columns["viewpoint"])
    if sentence := no_day_sentence(columns["date"], folder):
        say_once(sentence)
    return table


def _of_catalogue(root: Path, data: Data, home: Path | None) -> pd.DataFrame:
    folder = root / data.train_images
    inside = folder if folder.is_dir() else None
    table = read_sighted_catalogue(
        root / data.catalogue, reading_of(data), inside, must_be_there=False, days=True
    )
    images = list(table["image"])
    paths = {image: folder / photograph_of(image) for image in images}
    boxes = _boxes(root, data, paths)
    table["box"] = [boxes.get(image, "") for image in images]
    table["picture"] = [str(path) if inside else "" for path in paths.values()]
    return _with_cameras(table, list(paths.values()), home) if inside else table


def _with_cameras(table: pd.DataFrame, paths: list[Path], home: Path | None) -> pd.DataFrame:
    """Return the table with what cameras say where it says nothing, and print what is unusual."""
    _, facts = contents_and_facts(paths, home, "reading when photographs were taken")
    names = ("date", "time", "latitude", "longitude")
    camera = {name: [getattr(one, name) for one in facts] for name in names}
    written = {name: list(table[name]) for name in names if name in table.columns}
    said = difference_sentences(list(table["image"]), written, camera, "of the catalogue's images")
    for sentence in said:
        say_once(sentence)
    return table.assign(**table_before_camera(written, camera))


def _boxes(root: Path, data: Data, paths: Mapping[str, Path]) -> dict[str, str]:
    """Return the boxes in pixels by key: those of the table's first source, then of its others.
    Boxes in shares of a picture that cannot be read are empty, which is printed."""
    named = data.boxes if isinstance(data.boxes, dict) else {"": data.boxes or "boxes.csv"}
    found: dict[str, AnyBox] = {}
    for file in dict.fromkeys(named.values()):
        if not (root / file).exists() and data.boxes is None:
            continue
        folders = [root / data.train_images, root]
        rows = match_rows(read_box_rows(root / file, reading_of(data)), paths, folders).rows
        for source in dict.fromkeys(row.source for row in rows):
            for key, row in best_rows(rows, source, list(paths), root / file).items():
                if row.box:
                    found.setdefault(key, row.box)
    texts = {key: _corners(box, paths[key]) for key, box in found.items()}
    lost = sum(not text for text in texts.values())
    if lost:
        say_once(
            f"{root}: {lost} boxes are outside their pictures, or in shares of pictures that "
            "cannot be read: they are left out"
        )
    return texts


def _corners(box: AnyBox, path: Path) -> str:
    if not isinstance(box, Box):
        try:
            box = box.clip(*size_of(path))
        except InputError:
            return ""
    return f"{box.xmin},{box.ymin},{box.xmax},{box.ymax}" if box else ""


def _in_columns(found: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the table with all of `COLUMNS`, and times of day out of the dates."""
    keys = list(found["image"])
    table = found.reindex(columns=COLUMNS, fill_value="").astype(object)
    parts = [date.partition(" ") for date in table["date"]]
    table["date"] = [day for day, _, _ in parts]
    table["time"] = [
        _one_time(written, clock, f"{key} in {where}")
        for key, written, (_, _, clock) in zip(keys, table["time"], parts, strict=True)
    ]
    if sentence := check_photographs(table, where):
        say_once(sentence)
    table["box_number"] = [str(split_key(key)[1]) for key in keys]
    return table.reset_index(drop=True)


def _one_time(written: str, clock: str, name: str) -> str:
    """Return the time of day of the column time, or else of the date; they must not contradict each
    other."""
    if written and clock and _contradict(written, clock):
        raise InputError(
            f"{name} has the time {clock} behind its date, but {written} in the column time: "
            "correct one of them."
        )
    return written or clock


def _contradict(one: str, other: str) -> bool:
    """Return whether two times of day differ in what both of them say."""
    (clock, offset), (other_clock, other_offset) = (
        re.fullmatch(r"([\d:]+)(.*)", time).groups() for time in (one, other)
    )
    length = min(len(clock), len(other_clock))
    return clock[:length] != other_clock[:length] or bool(
        offset and other_offset and offset != other_offset
    )
