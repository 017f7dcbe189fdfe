"""What each format writes, by hand-written expectations."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest

from tests.exchange.sighted import SIZE, WHOLE, row
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.csv_text import csv_bytes
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
from tf_happywhale.exchange.sheet import xlsx_bytes

SIZES = {"trip/a b.jpg": SIZE, "a.jpg": SIZE}


def test_wildlife_datasets() -> None:
    made = wildlife_datasets.to_wildlife_datasets([WHOLE, row("a.jpg", "NA")])
    assert csv_bytes(wildlife_datasets.COLUMNS, made).decode() == (
        "image_id,identity,path,bbox,date,orientation,species,encounter,time,latitude,longitude,"
        "place,observer,quality,distinctiveness\n"
        'trip/a b.jpg,09913,images/trip/a b.jpg,"[3, 4, 30, 27]",2021-04-03 10:22:59,left,'
        "Tursiops truncatus,E1,10:22:59,57.68,-5.1,Inner Bay,Ann,Q2,D1\n"
        "a.jpg,NA,images/a.jpg,,,,,,,,,,,,\n"
    )


def test_pandas_reads_one_form_of_dates_alone_so_times_are_in_all_or_none() -> None:
    rows = [WHOLE, row("a.jpg", date="2021-04-04")]
    dates = [one["date"] for one in wildlife_datasets.to_wildlife_datasets(rows)]
    assert dates == ["2021-04-03", "2021-04-04"]


def test_nobody_of_wildlife_datasets_is_no_individual() -> None:
    with pytest.raises(InputError, match="'unknown', which means nobody"):
        wildlife_datasets.to_wildlife_datasets([row("a.jpg", "unknown")])


def test_names_that_wildlife_datasets_refuses_are_said() -> None:
    (said,) = wildlife_datasets.refused_names([row("日.jpg"), row("é.jpg")])
    assert said.startswith("1 photographs have letters beyond ISO 8859-1") and "日" in said
    assert wildlife_datasets.refused_names([row("é.jpg")]) == []


def test_coco_has_no_individual_that_is_nobody() -> None:
    with pytest.raises(InputError, match="id ____, which means in COCO that nobody knows"):
        coco.to_coco([row("a.jpg", "____")], SIZES)


def test_coco() -> None:
    tree = coco.to_coco([WHOLE, row("a.jpg", "NA")], SIZES)
    assert tree["categories"] == [
        {"id": 1, "name": "Tursiops truncatus", "supercategory": "animal"},
        {"id": 2, "name": "animal", "supercategory": "animal"},
    ]
    assert tree["images"][0] == {
        "id": 1,
        "file_name": "trip/a b.jpg",
        "width": 90,
        "height": 60,
        "date_captured": "2021-04-03 10:22:59",
    }
    first, second = tree["annotations"]
    assert first == {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "bbox": [3, 4, 30, 27],
        "area": 810,
        "iscrowd": 0,
        "segmentation": [[3, 4, 33, 4, 33, 31, 3, 31]],
        "name": "09913",
        "encounter": "E1",
        "latitude": "57.68",
        "longitude": "-5.1",
        "place": "Inner Bay",
        "observer": "Ann",
        "viewpoint": "left",
        "quality": "Q2",
        "distinctiveness": "D1",
    }
    assert second["bbox"] == [0, 0, 90, 60] and second["name"] == "NA"


def test_megadetector() -> None:
    tree = megadetector.to_megadetector([WHOLE, row("a.jpg")], SIZES)
    assert tree["detection_categories"] == {"1": "animal", "2": "person", "3": "vehicle"}
    box = [3 / 90, 4 / 60, 30 / 90, 27 / 60]
    assert tree["images"] == [
        {"file": "trip/a b.jpg", "detections": [{"category": "1", "conf": 1.0, "bbox": box}]},
        {"file": "a.jpg", "detections": []},
    ]


def test_camtrapr() -> None:
    rows = [WHOLE, {**WHOLE, "image": "b.jpg", "time": "10:22+02:00"}, row("a.jpg")]
    made, said = camtrapr.to_camtrapr(rows)
    assert csv_bytes(camtrapr.COLUMNS[:8], made).decode() == (
        "Station,Species,Individual,DateTimeOriginal,Date,Time,Directory,FileName\n"
        "Inner Bay,Tursiops truncatus,09913,2021-04-03 10:22:59,2021-04-03,10:22:59,trip,a b.jpg\n"
        "Inner Bay,Tursiops truncatus,09913,2021-04-03 10:22:00,2021-04-03,10:22:00,,b.jpg\n"
    )
    assert said[0].startswith("1 of 3 rows lack a place, a date or a time")
    assert said[1].startswith("1 times lose their offset")
    with pytest.raises(InputError, match="none of the 1 rows has all three"):
        camtrapr.to_camtrapr([row()])


def test_camtrap_dp() -> None:
    rows, said = camtrap_dp.whole_rows([WHOLE, row("a.jpg")])
    assert said == ["1 of 2 rows lack date, time, latitude, longitude or one of them: left out"]
    tables, paths = camtrap_dp.to_camtrap_dp(rows, SIZES, "+02:00", {})
    assert paths == {"trip/a b.jpg": "media/trip/a b.jpg"}
    assert tables["deployments"] == [
        {
            "deploymentID": "deployment-1",
            "locationName": "Inner Bay",
            "latitude": "57.68",
            "longitude": "-5.1",
            "deploymentStart": "2021-04-03T10:22:59+02:00",
            "deploymentEnd": "2021-04-03T10:22:59+02:00",
        }
    ]
    assert tables["media"] == [
        {
            "mediaID": "trip/a b.jpg",
            "deploymentID": "deployment-1",
            "timestamp": "2021-04-03T10:22:59+02:00",
            "filePath": "media/trip/a b.jpg",
            "filePublic": "false",
            "fileName": "trip/a b.jpg",
            "fileMediatype": "image/jpeg",
        }
    ]
    (observation,) = tables["observations"]
    assert set(observation) <= set(camtrap_dp_columns.OBSERVATIONS)
    assert observation["individualID"] == "09913"
    assert observation["scientificName"] == "Tursiops truncatus"
    assert float(observation["bboxWidth"]) == 30 / 90
    assert observation["observationTags"] == (
        "observer:Ann | viewpoint:left | quality:Q2 | distinctiveness:D1"
    )
    tree = camtrap_dp.to_datapackage(tables, ["Ann"], "2026-11-30T10:00:00+00:00")
    assert tree["temporal"] == {"start": "2021-04-03", "end": "2021-04-03"}
    assert tree["spatial"] == {"type": "Point", "coordinates": [-5.1, 57.68]}
    assert tree["taxonomic"] == [{"scientificName": "Tursiops truncatus"}]
    assert [one["path"] for one in tree["resources"]] == [
        "deployments.csv",
        "media.csv",
        "observations.csv",
    ]


def test_camtrap_dp_needs_to_know_the_zone_and_all_four_facts() -> None:
    with pytest.raises(InputError, match=r"set exchange\.timezone"):
        camtrap_dp.to_camtrap_dp([WHOLE], SIZES, None, {})
    with pytest.raises(InputError, match="none of the 1 rows has all four"):
        camtrap_dp.whole_rows([row()])


def test_paths_that_camtrap_dp_forbids_are_changed() -> None:
    rows = [{**WHOLE, "image": "a..b.jpg"}, {**WHOLE, "image": ".x/a b.jpg"}]
    _, paths = camtrap_dp.to_camtrap_dp(
        rows, dict.fromkeys(("a..b.jpg", ".x/a b.jpg"), SIZE), "+00:00", {}
    )
    assert paths == {"a..b.jpg": "media/a_b.jpg", ".x/a b.jpg": "media/_x_a b.jpg"}


def test_a_tag_with_a_bar_is_left_out_and_said() -> None:
    odd = {**WHOLE, "quality": "a|b"}
    tables, _ = camtrap_dp.to_camtrap_dp([odd], SIZES, "+00:00", {})
    assert "quality" not in tables["observations"][0]["observationTags"]
    assert camtrap_dp.broken_tags([odd]) == ["1 values hold a bar, which parts tags: left out"]


def test_darwin_core() -> None:
    (made,) = darwin_core.to_darwin_core([WHOLE], {})
    assert list(made) == list(darwin_core.COLUMNS)
    assert made == {
        "occurrenceID": "trip/a b.jpg",
        "basisOfRecord": "HumanObservation",
        "occurrenceStatus": "present",
        "organismID": "09913",
        "individualCount": "1",
        "eventID": "E1",
        "eventDate": "2021-04-03T10:22:59",
        "decimalLatitude": "57.68",
        "decimalLongitude": "-5.1",
        "geodeticDatum": "EPSG:4326",
        "locality": "Inner Bay",
        "recordedBy": "Ann",
        "scientificName": "Tursiops truncatus",
        "vernacularName": "",
        "associatedMedia": "trip/a b.jpg",
        "dynamicProperties": '{"viewpoint": "left", "quality": "Q2", "distinctiveness": "D1"}',
    }
    (common,) = darwin_core.to_darwin_core(
        [row(species="harbour_seal")], {"harbour_seal": "Phoca vitulina"}
    )
    assert (common["scientificName"], common["vernacularName"]) == (
        "Phoca vitulina",
        "harbour_seal",
    )
    assert (
        '<field index="3" term="http://rs.tdwg.org/dwc/terms/organismID"/>'
        in darwin_core.meta_xml()
    )


def test_wildbook() -> None:
    rows = [WHOLE, {**WHOLE, "image": "trip_a/b.jpg"}, row("a.jpg", "=1+1")]
    made, names, said = wildbook.to_wildbook(rows, {}, "ann")
    assert names == {
        "trip/a b.jpg": "trip a b.jpg",
        "trip_a/b.jpg": "trip a b 2.jpg",
        "a.jpg": "a.jpg",
    }
    assert made[0] == {
        "Encounter.mediaAsset0": "trip a b.jpg",
        "MarkedIndividual.individualID": "09913",
        "Encounter.genus": "Tursiops",
        "Encounter.specificEpithet": "truncatus",
        "Encounter.year": "2021",
        "Encounter.month": "4",
        "Encounter.day": "3",
        "Encounter.hour": "10",
        "Encounter.minutes": "22",
        "Encounter.locationID": "Inner Bay",
        "Encounter.verbatimLocality": "Inner Bay",
        "Encounter.decimalLatitude": "57.68",
        "Encounter.decimalLongitude": "-5.1",
        "Encounter.sightingID": "E1",
        "Encounter.submitterID": "ann",
    }
    assert [line.split(" have")[0] for line in said] == ["1 of 3 rows"] * 3
    (sheet,) = wildbook.sheets_of(made)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(*sheet)))
    cells = [[cell.value for cell in line] for line in book.active.iter_rows()]
    assert cells[1][:8] == ["trip a b.jpg", "09913", "Tursiops", "truncatus", 2021, 4, 3, 10]
    formula = book.active["B4"]
    assert (formula.value, formula.data_type) == ("=1+1", "s")


def test_a_sheet_of_wildbook_has_at_most_200_rows_and_no_empty_column() -> None:
    made, _, _ = wildbook.to_wildbook([row(f"{n}.jpg") for n in range(401)], {}, None)
    sheets = wildbook.sheets_of(made)
    assert [len(rows) for _, rows in sheets] == [200, 200, 1]
    assert all(columns == list(wildbook.COLUMNS[:2]) for columns, _ in sheets)


def test_crops() -> None:
    rows = [WHOLE, row("a.jpg#2", "A/B", box="0,0,9,9"), row("c.png", "a?b"), row("d.jpg", "con")]
    made = crops.to_crops(rows)
    assert [one["file"] for one in made] == [
        "09913/trip_a b.jpg",
        "A_B/a_2.jpg",
        "a_b_2/c.png",
        "con_1/d.jpg",
    ]
    assert [one["individual_id"] for one in made] == ["09913", "A/B", "a?b", "con"]
    assert made[1]["image"] == "a.jpg" and made[1]["box_number"] == "2"


def test_fiftyone() -> None:
    rows = [WHOLE, row("a.jpg", "NA"), row("a.png", "=1")]
    tree, paths = fiftyone.to_fiftyone(rows, SIZES)
    assert paths == {
        "trip/a b.jpg": "data/trip/a b.jpg",
        "a.jpg": "data/a.jpg",
        "a.png": "data/a_2.png",  # FiftyOne's importer leaves out the endings
    }
    assert list(tree["labels"]) == ["trip/a b", "a", "a_2"]
    (label,) = tree["labels"]["trip/a b"]
    assert label["label"] == "09913" and label["bounding_box"] == [3 / 90, 4 / 60, 30 / 90, 27 / 60]
    assert label["attributes"]["viewpoint"] == "left"
    assert tree["labels"]["a_2"][0] == {
        "label": "=1",
        "bounding_box": [0.0, 0.0, 1.0, 1.0],
        "attributes": {"photograph": "a.png"},
    }
    json.dumps(tree, allow_nan=False)
