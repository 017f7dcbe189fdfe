"""What each format holds comes back as it was: pure functions, files and our own readers."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchange.sighted import SIZE, row
from tf_happywhale.catalogue.animals.animal_key import animal_key, photograph_of
from tf_happywhale.catalogue.animals.identities import SHEET_ERROR
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.catalogue.tables.reading import PLAIN
from tf_happywhale.exchange import importing
from tf_happywhale.exchange.csv_text import csv_bytes
from tf_happywhale.exchange.formats import (
    camtrap_dp,
    camtrap_dp_columns,
    camtrapr,
    coco,
    crops,
    darwin_core,
    fiftyone,
    wildbook,
    wildlife_datasets,
)
from tf_happywhale.exchange.imported import image_names, known_animals, sightings_of
from tf_happywhale.exchange.rows import Row, rows_in_order
from tf_happywhale.exchange.sheet import xlsx_bytes

LETTERS = st.sampled_from("aZ09 ,;'\"=+-@é日.:/\\#_&<e")
TEXT = st.text(LETTERS, min_size=1, max_size=9).map(str.strip).filter(bool)
ID = TEXT.filter(lambda text: not SHEET_ERROR.fullmatch(text) and text != coco.NOBODY)
NAME = st.text(st.sampled_from("aZ9 é_-"), min_size=1, max_size=6).map(str.strip).filter(bool)
SPECIES = st.sampled_from(
    ("", "bottlenose_dolphin", "Tursiops truncatus", "Pusa hispida saimensis")
)
DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)).map(str)
TIMES = st.sampled_from(("00:00", "10:22", "10:22:59", "23:59:59+02:00", "10:22+05:30"))
DEGREES = st.sampled_from(("0", "57.68123", "-5.10", "12.5"))


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """A table of one to four photographs, each of one to three animals."""
    names = draw(st.lists(NAME, min_size=1, max_size=4, unique_by=str.lower))
    rows = []
    for name in names:
        # What is true of a photograph is the same for all animals in it.
        shared = dict.fromkeys(("date", "time", "latitude", "longitude", "place"), "")
        if draw(st.booleans()):
            shared |= {"date": draw(DATES), "time": draw(st.one_of(st.just(""), TIMES))}
        if draw(st.booleans()):
            shared |= {"latitude": draw(DEGREES), "longitude": draw(DEGREES)}
        shared["place"] = draw(st.one_of(st.just(""), TEXT))
        for number in range(1, draw(st.integers(1, 3)) + 1):
            facts = {
                fact: draw(st.one_of(st.just(""), TEXT))
                for fact in ("encounter", "observer", "viewpoint", "quality", "distinctiveness")
            }
            box = draw(st.sampled_from(("", "3,4,33,31", "1,1,2,2", "7,0,90,59")))
            rows.append(
                row(
                    animal_key(f"trip/{name}.jpg", number),
                    draw(ID),
                    **{**shared, **facts, "species": draw(SPECIES), "box": box},
                )
            )
    return rows_in_order(pd.DataFrame(rows))


def sizes(rows: list[Row]) -> dict[str, tuple[int, int]]:
    return {photograph_of(one["image"]): SIZE for one in rows}


def write_table(file: Path, columns, rows) -> None:
    file.write_bytes(csv_bytes(columns, rows))


def through_wildlife_datasets(rows: list[Row], home: Path) -> list[Row]:
    made = wildlife_datasets.to_wildlife_datasets(rows)
    write_table(home / wildlife_datasets.FILE, wildlife_datasets.COLUMNS, made)
    return rows


def through_coco(rows: list[Row], home: Path) -> list[Row]:
    (home / coco.FILE).write_text(json.dumps(coco.to_coco(rows, sizes(rows))))
    return rows


def through_fiftyone(rows: list[Row], home: Path) -> list[Row]:
    (home / fiftyone.FILE).write_text(json.dumps(fiftyone.to_fiftyone(rows, sizes(rows))[0]))
    return rows


def through_crops(rows: list[Row], home: Path) -> list[Row]:
    made = crops.to_crops(rows)
    write_table(home / crops.FILE, crops.COLUMNS, made)
    # A crop is a picture of its own, without a box.
    return [{**one, "image": cut["file"], "box": ""} for one, cut in zip(rows, made, strict=True)]


def through_darwin_core(rows: list[Row], home: Path) -> list[Row]:
    made = darwin_core.to_darwin_core(rows, {})
    write_table(home / darwin_core.FILE, darwin_core.COLUMNS, made)
    (home / darwin_core.META).write_text(darwin_core.meta_xml())
    return [{**one, "box": ""} for one in rows]


def through_camtrapr(rows: list[Row], home: Path) -> list[Row]:
    whole = [one for one in rows if one["place"] and one["date"] and one["time"]]
    if whole:
        made, _ = camtrapr.to_camtrapr(rows)
        write_table(home / "records.csv", camtrapr.COLUMNS, made)
    return [{**one, "box": "", "time": with_seconds(one["time"])[:8]} for one in whole]


def through_camtrap_dp(rows: list[Row], home: Path) -> list[Row]:
    whole = [one for one in rows if all(one[name] for name in camtrap_dp.NEEDED)]
    if whole:
        made, _ = camtrap_dp.to_camtrap_dp(whole, sizes(rows), "-03:00", {})
        for name, table in made.items():
            write_table(home / f"{name}.csv", camtrap_dp_columns.COLUMNS[name], table)
        package = camtrap_dp.to_datapackage(made, [], "2026-01-01T00:00:00Z")
        (home / "datapackage.json").write_text(json.dumps(package))
    return [{**one, "time": in_zone(one["time"])} for one in whole]


def through_wildbook(rows: list[Row], home: Path) -> list[Row]:
    made, names, _ = wildbook.to_wildbook(rows, {}, "ann")
    for sheet, (columns, part) in enumerate(wildbook.sheets_of(made), start=1):
        (home / f"bulk_import_{sheet}.xlsx").write_bytes(xlsx_bytes(columns, part))
    lost = dict.fromkeys(("observer", "viewpoint", "quality", "distinctiveness", "box"), "")
    back = []
    for one, cells in zip(rows, made, strict=True):
        photograph = photograph_of(one["image"])
        short = {
            "image": one["image"].replace(photograph, names[photograph], 1),
            "time": one["time"][:5],
            "encounter": cells["Encounter.sightingID"],
            "species": " ".join(one["species"].split(" ")) if one["species"][:1].isupper() else "",
            "latitude": number(one["latitude"]),
            "longitude": number(one["longitude"]),
        }
        back.append({**one, **lost, **short})
    return back


def with_seconds(time: str) -> str:
    return time if time[5:6] == ":" else f"{time[:5]}:00{time[5:]}"


def in_zone(time: str) -> str:
    time = with_seconds(time)
    return time if len(time) > 8 else f"{time}-03:00"


def number(text: str) -> str:
    value = float(text or 0)
    return "" if not text else str(int(value)) if value.is_integer() else repr(value)


EVERY = {
    "wildlife-datasets": (through_wildlife_datasets, importing.import_wildlife_datasets),
    "coco": (through_coco, importing.import_coco),
    "fiftyone": (through_fiftyone, importing.import_fiftyone),
    "crops": (through_crops, importing.import_crops),
    "darwin-core": (through_darwin_core, importing.import_darwin_core),
    "camtrapr": (through_camtrapr, importing.import_camtrapr),
    "camtrap-dp": (through_camtrap_dp, importing.import_camtrap_dp),
    "wildbook": (through_wildbook, importing.import_wildbook),
}


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=40)
@given(rows=tables())
def test_what_a_format_holds_comes_back(name: str, rows: list[Row]) -> None:
    write, read = EVERY[name]
    with TemporaryDirectory() as folder:
        expected = write(rows, Path(folder))
        if expected:
            place = Path(folder) / "records.csv" if name == "camtrapr" else Path(folder)
            assert back(read, place) == [kept(one) for one in expected]


def back(read: Callable, place: Path) -> list[dict[str, str]]:
    made = read(place, PLAIN)
    animals, said = known_animals(made.found, place, PLAIN)
    assert all("as one animal" in sentence for sentence in said)  # an id that may mean nobody
    names = image_names(animals, made.front)
    table, said = sightings_of(animals, names, {}, dict.fromkeys(names, SIZE), place)
    assert not said
    return [kept(one) for one in table.to_dict("records")]


def kept(one: Row) -> dict[str, str]:
    return {name: one[name] for name in ("image", "individual_id", "species", *FACTS, "box")}
