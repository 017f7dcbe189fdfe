"""Files of other programs: what is read of them, and one sentence where they are damaged."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.errors import InputError
from tf_happywhale.exchange import importing
from tf_happywhale.exchange.found import Animal

NAMED = Reading(columns={"individual_id": "individual"})
WILDME = {  # as Wildbook's tools export it
    "images": [{"id": 7, "file_name": "x.jpg", "width": 50, "height": 40, "date_captured": "NA"}],
    "categories": [{"id": 3, "name": "beluga_whale", "supercategory": "animal"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1.5, 2, 10, 11.2], "name": "b1"},
        {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 50, 40], "name": "____"},
    ],
}


def coco(tmp_path: Path, tree: object, reading: Reading = PLAIN) -> list[Animal]:
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(tree))
    return list(importing.import_coco(file, reading).found.animals)


def changed(**changes: object) -> dict:
    """WildMe's file with other values in its first annotation."""
    first, *others = WILDME["annotations"]
    return {**WILDME, "annotations": [{**first, **changes}, *others]}


def test_coco_of_wildbook(tmp_path: Path) -> None:
    known, nobody = coco(tmp_path, WILDME)
    assert (known.picture, known.individual_id) == ("x.jpg", "b1")
    assert known.facts["species"] == "beluga_whale" and known.facts["date"] == ""
    assert known.box == Box(1, 2, 12, 14)
    assert nobody.individual_id == "" and nobody.box is None


def test_coco_with_the_individual_elsewhere(tmp_path: Path) -> None:
    tree = changed(name=None, attributes={"individual": "b9"})
    tree["annotations"] = tree["annotations"][:1]
    assert [one.individual_id for one in coco(tmp_path, tree)] == ["b9"]
    two = changed(individual="other")
    with pytest.raises(InputError, match=r"may be name or individual, which differ: set data\.col"):
        coco(tmp_path, two)
    assert coco(tmp_path, two, NAMED)[0].individual_id == "other"


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ([], "images is missing"),
        ({"images": []}, "annotations is missing"),
        (changed(image_id=8), "annotation 1 is of an image that the file does not list"),
        (changed(image_id=[7]), "annotation 1 has no image_id"),
        (changed(category_id=[3]), "annotation 1 has no category_id"),
        (
            {**WILDME, "images": [*WILDME["images"], {"id": 7, "file_name": "y.jpg"}]},
            "the image '7' is listed twice, differently",
        ),
        (
            {**WILDME, "categories": [*WILDME["categories"], {"id": 3, "name": "orca"}]},
            "the category '3' is listed twice, differently",
        ),
        (changed(bbox=[1, 2, 3]), "must be four numbers"),
        (changed(bbox=[1, 2, 0, 3]), "has no area"),
        (changed(bbox=[0.1, 0.2, 0.95, 0.7]), "may be in shares .*this format has pixels"),
        (changed(name=1.5), "is not text"),
        ({**WILDME, "annotations": [{"image_id": 7}]}, "no annotation names an individual"),
        ({**WILDME, "annotations": ["x"]}, "is not an object"),
        ({**WILDME, "images": [{"id": 7}]}, "file_name is missing"),
    ],
)
def test_damaged_coco(tmp_path: Path, tree: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        coco(tmp_path, tree)


def test_what_coco_lists_twice_the_same_is_listed_once(tmp_path: Path) -> None:
    tree = {name: WILDME[name] * 2 for name in ("images", "categories")}
    assert coco(tmp_path, WILDME | tree) == coco(tmp_path, WILDME)


def test_wildlife_datasets_with_other_names_of_columns(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text(
        "image_id,identity,path,bbox,position,date\n"
        '1,7,i/a.jpg,"[1.0, 2.0, 3.0, 4.0]",right,2021-04-03 10:22:59\n2,unknown,i/b.jpg,,,\n'
    )
    first, second = importing.import_wildlife_datasets(tmp_path, PLAIN).found.animals
    assert first.individual_id == "7" and first.box == Box(1, 2, 4, 6)
    assert first.facts["viewpoint"] == "right" and first.facts["date"] == "2021-04-03 10:22:59"
    assert second.individual_id == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image_id,path\n1,a.jpg\n", "lacks the column identity for individual_id"),
        ("image_id,identity,path,bbox\n1,7,a.jpg,[1 2]\n", "Line 2 of .* cannot be read as JSON"),
        ("", "is empty"),
        (
            'image_id,identity,path,bbox\n1,7,a.jpg,"[0.1, 0.2, 0.95, 0.7]"\n',
            "Line 2 of .* may be in shares .*this format has pixels",
        ),
    ],
)
def test_damaged_wildlife_datasets(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "metadata.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        importing.import_wildlife_datasets(tmp_path, PLAIN)


def records(tmp_path: Path, text: str, reading: Reading = PLAIN) -> list[Animal]:
    (tmp_path / "t.csv").write_text(text)
    return list(importing.import_camtrapr(tmp_path / "t.csv", reading).found.animals)


def test_camtrapr_of_its_sample_table(tmp_path: Path) -> None:
    header = "Station,Species,Individual,DateTimeOriginal,Date,Time,Directory,FileName,Model"
    line = "StationB,PBE,003,2009-04-07 22:35:00,2009-04-07,22:35:00,StationB/,b.JPG,X"
    (one,) = records(tmp_path, f"{header}\n{line}\n")
    assert (one.picture, one.individual_id) == ("StationB/b.JPG", "003")
    assert one.facts["place"] == "StationB" and one.facts["date"] == "2009-04-07 22:35:00"


def test_camtrapr_with_two_columns_of_individuals(tmp_path: Path) -> None:
    text = "Station,Individual,metadata_individual,FileName\nS,1,2,a.jpg\n"
    with pytest.raises(InputError, match="Individual and metadata_individual differ"):
        records(tmp_path, text)
    reading = Reading(columns={"individual_id": "metadata_individual"})
    assert records(tmp_path, text, reading)[0].individual_id == "2"
    with pytest.raises(InputError, match="no column Individual"):
        records(tmp_path, "Station,FileName\nS,a.jpg\n")


def package(tmp_path: Path, **tables: str) -> Path:
    (tmp_path / "datapackage.json").write_text('{"resources": []}')
    own = {
        "deployments": "deploymentID,latitude,longitude,locationName\nd,1,2,Bay\n",
        "media": "mediaID,deploymentID,timestamp,filePath\nm,d,2021-04-03T10:22:59Z,x/a.jpg\n",
        "observations": "observationID,deploymentID,mediaID,observationType,individualID,bboxX,"
        "bboxY,bboxWidth,bboxHeight\no,d,m,animal,7,0.1,0.1,0.5,0.5\n",
    }
    for name, text in (own | tables).items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_camtrap_dp_without_events_and_people(tmp_path: Path) -> None:
    more = "o2,d,,animal,8,,,,\no3,d,m,human,,,,,\no4,d,m,animal,,,,,\n"
    folder = package(tmp_path)
    file = folder / "observations.csv"
    file.write_text(file.read_text() + more)
    found = importing.import_camtrap_dp(folder, PLAIN).found
    assert [one.individual_id for one in found.animals] == ["7", ""]
    assert found.said == (
        "1 observations of an event, which name no picture: left out",
        "1 observations of human: left out",
    )
    assert found.animals[0].facts["place"] == "Bay"
    assert found.animals[0].facts["date"] == "2021-04-03T10:22:59Z"


@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("media", "mediaID,deploymentID,timestamp,filePath\n", "has the mediaID 'm', which its"),
        (
            "media",
            "mediaID,deploymentID,timestamp,filePath\nm,d,,a.jpg\nm,d,,b.jpg\n",
            "media.csv: the mediaID 'm' is listed twice, differently",
        ),
        ("deployments", "deploymentID,latitude\n", "has the deploymentID 'd', which its table"),
        ("observations", "observationID\n", "lacks the columns deploymentid, observationtype"),
        (
            "observations",
            "deploymentID,mediaID,observationType,bboxX,bboxY,bboxWidth,bboxHeight\n"
            "d,m,animal,10,20,30,40\n",
            "must be left, top, width, height, each from 0 to 1",
        ),
    ],
)
def test_damaged_camtrap_dp(tmp_path: Path, table: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        importing.import_camtrap_dp(package(tmp_path, **{table: text}), PLAIN)


def test_camtrap_dp_before_1_and_with_a_table_elsewhere(tmp_path: Path) -> None:
    folder = package(tmp_path)
    profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/0.6/camtrap-dp-profile.json"
    (folder / "datapackage.json").write_text(json.dumps({"profile": profile, "resources": []}))
    with pytest.raises(InputError, match=r"before 1\.0 \(camtrap-dp/0\.6\)"):
        importing.import_camtrap_dp(folder, PLAIN)
    resources = [{"name": "media", "path": "../media.csv"}]
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}))
    with pytest.raises(InputError, match=r"resource media names .*not inside the folder"):
        importing.import_camtrap_dp(folder, PLAIN)


def test_darwin_core_of_gbif(tmp_path: Path) -> None:
    (tmp_path / "meta.xml").write_text(
        '<archive xmlns="http://rs.tdwg.org/dwc/text/"><core><files>'
        "<location>occurrence.txt</location></files></core></archive>"
    )
    (tmp_path / "occurrence.txt").write_text(
        "occurrenceID\torganismID\teventDate\tassociatedMedia\toccurrenceStatus\tspecies\n"
        "1\tA\t2021-04-03/2021-04-05\tx.jpg | y.jpg\tPRESENT\tz\n2\tB\t2021\t\tABSENT\tz\n"
    )
    found = importing.import_darwin_core(tmp_path, PLAIN).found
    (one,) = found.animals
    assert (one.picture, one.individual_id, one.facts["date"]) == ("x.jpg", "A", "")
    assert [line.split(" ")[0] for line in found.said] == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ("<archive", "cannot be read as XML"),
        ("<archive/>", "names no core file"),
        (
            "<archive><core><files><location>../x.csv</location></files></core></archive>",
            "not inside the folder",
        ),
    ],
)
def test_damaged_archive(tmp_path: Path, meta: str, said: str) -> None:
    (tmp_path / "meta.xml").write_text(meta)
    with pytest.raises(InputError, match=said):
        importing.import_darwin_core(tmp_path, PLAIN)


def test_a_packed_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unpack it"):
        importing.import_darwin_core(tmp_path / "dwca.zip", PLAIN)


def sheet(tmp_path: Path, *lines: list) -> Path:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.save(tmp_path / "s.xlsx")
    return tmp_path / "s.xlsx"


def test_wildbook_with_several_photographs_of_an_encounter(tmp_path: Path) -> None:
    header = [
        *("Encounter.mediaAsset0", "Encounter.mediaAsset1", "Encounter.individualID"),
        *("Encounter.genus", "Encounter.specificEpithet", "Encounter.year", "Encounter.month"),
    ]
    file = sheet(tmp_path, header, ["a.jpg", "b.jpg", "L 5", "Panthera", "leo", 2020, 8])
    first, second = importing.import_wildbook(file, PLAIN).found.animals
    assert (first.picture, second.picture, second.individual_id) == ("a.jpg", "b.jpg", "L 5")
    assert first.facts["species"] == "Panthera leo" and first.facts["date"] == "2020-08"


def test_wildbook_with_two_individuals_in_a_row_or_a_number(tmp_path: Path) -> None:
    names = ["Encounter.mediaAsset0", "Encounter.individualID", "MarkedIndividual.individualID"]
    with pytest.raises(InputError, match=r"Line 2 .* two individuals, A and B"):
        importing.import_wildbook(sheet(tmp_path, names, ["a.jpg", "A", "B"]), PLAIN)
    with pytest.raises(InputError, match="is a number where an id is meant"):
        importing.import_wildbook(sheet(tmp_path, [names[0], names[2]], ["a.jpg", 17]), PLAIN)
    with pytest.raises(InputError, match="is a number where an id is meant"):
        importing.import_wildbook(sheet(tmp_path, names[:2], ["a.jpg", 17]), PLAIN)
    with pytest.raises(InputError, match=r"holds no bulk_import_1\.xlsx"):
        (tmp_path / "empty").mkdir()
        importing.import_wildbook(tmp_path / "empty", PLAIN)


def test_folders_without_a_table_are_named_after_the_ids(tmp_path: Path) -> None:
    for name in ("09913/a.jpg", "Åsa/left/b.jpg", "loose.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = importing.import_crops(tmp_path, PLAIN).found
    assert [(one.individual_id, one.picture) for one in found.animals] == [
        ("09913", "09913/a.jpg"),
        ("Åsa", "Åsa/left/b.jpg"),
    ]
    assert found.said == ("1 pictures lie in no folder: left out",)


def labels(tmp_path: Path, tree: object):
    (tmp_path / "labels.json").write_text(json.dumps(tree))
    return importing.import_fiftyone(tmp_path, PLAIN).found


def test_fiftyone_with_classes(tmp_path: Path) -> None:
    boxed = {"label": 1, "bounding_box": [0.1, 0.2, 0.3, 0.4]}
    found = labels(tmp_path, {"classes": ["A", "B"], "labels": {"x": [boxed], "y": None}})
    assert [one.individual_id for one in found.animals] == ["B"]
    assert found.said == ("1 pictures without a label are left out",)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({}, "labels is missing"),
        ({"labels": {"x": [{"label": "A"}]}}, "bounding_box is missing"),
        ({"labels": {"x": ["A"]}}, "is not an object"),
        ({"labels": {"x": [{"label": 2, "bounding_box": [0, 0, 1, 1]}]}}, "does not explain"),
        ({"labels": {"x": [{"label": "A", "bounding_box": [0, 0, 0, 1]}]}}, "has no area"),
        ({"labels": {"x": [{"label": "A", "bounding_box": [0, 0, 3, 2]}]}}, "beyond .*from 0 to 1"),
    ],
)
def test_damaged_fiftyone(tmp_path: Path, tree: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        labels(tmp_path, tree)


def test_megadetector_has_no_individuals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"identify\.boxes="):
        importing.import_megadetector(tmp_path / "d.json", PLAIN)


def test_an_import_finds_the_columns_by_its_format(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Station,Individual,FileName\nS,1,a.jpg\n")
    with pytest.raises(InputError, match="name individual_id alone"):
        importing.import_camtrapr(tmp_path / "t.csv", Reading(columns={"date": "Day"}))


def test_two_columns_of_individuals_that_differ_by_case_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.write_text("Station,Individual,individual,FileName\nA,x,y,p.jpg\n")
    with pytest.raises(InputError, match="'Individual' and another one that differs by case"):
        importing.import_camtrapr(file, PLAIN)
