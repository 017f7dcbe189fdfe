"""Exports as annotation tools and detectors really leave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.errors import InputError

LABEL = "0 0.5 0.5 0.5 0.5\r\n"
MIDDLE = RelativeBox(0.25, 0.25, 0.75, 0.75)
COCO = (
    '{"images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 80}], "annotations":'
    ' [{"image_id": 1, "bbox": [1, 2, 30, 40], "iscrowd": 0}]}'
)


def labels(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_json_is_read_in_each_encoding_of_unicode(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "coco.json"
    path.write_bytes(COCO.encode(encoding))
    assert [row.image for row in read_box_rows(path)] == ["a.jpg"]


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_too_long_to_hold_is_one_sentence(tmp_path: Path, digits: int) -> None:
    path = tmp_path / "coco.json"
    path.write_text(COCO.replace("30", "1" + "0" * digits))
    with pytest.raises(InputError, match=r"is not a number|holds a number that is too long"):
        read_box_rows(path)


@pytest.mark.parametrize("width", ["Infinity", "NaN", "1" + "0" * 400])
def test_a_picture_without_a_finite_size_has_its_boxes_in_pixels(
    tmp_path: Path, width: str
) -> None:
    path = tmp_path / "coco.json"
    path.write_text(COCO.replace("100", width))
    assert [row.box for row in read_box_rows(path)] == [Box(1, 2, 31, 42)]


def test_photographs_that_a_detector_could_not_read_are_told(tmp_path: Path, capsys) -> None:
    path = tmp_path / "md.json"
    images = [
        {"file": "a.jpg", "detections": None, "failure": "Failure image access"},
        {"file": "b.jpg", "detections": []},
    ]
    path.write_text(json.dumps({"images": images, "detection_categories": {"1": "animal"}}))
    assert [row.box for row in read_box_rows(path)] == [None, None]
    assert "failed on 1 of 2 photographs, such as 'a.jpg'" in capsys.readouterr().out


def test_photographs_with_nothing_but_crowds_are_told(tmp_path: Path, capsys) -> None:
    path = tmp_path / "coco.json"
    path.write_text(COCO.replace('"iscrowd": 0', '"iscrowd": 1'))
    assert [row.box for row in read_box_rows(path)] == [None]
    assert "1 photographs have only annotations of crowds" in capsys.readouterr().out


def test_the_readme_files_of_an_export_are_not_labels(tmp_path: Path) -> None:
    files = {"README.roboflow.txt": "Fins - v2", "README.dataset.txt": "x", "a.txt": LABEL}
    rows = read_box_rows(labels(tmp_path, files | {"data.yaml": "names: ['fin']"}))
    assert [(row.image, row.source, row.box) for row in rows] == [("a", "fin", MIDDLE)]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"data.yaml": "names: fin", "a.txt": LABEL}, "names 'fin' is not a list"),
        (
            {"classes.txt": "fin\r\n", "a.txt": "3 .5 .5 .5 .5"},
            "Line 1 of .*class '3', which",
        ),
        ({"a.txt": "fin .5 .5 .5 .5"}, "the class 'fin' is not a number"),
        ({"a.txt": "0 .5 .5 .5 .5 17"}, "sixth number '17' is not a confidence"),
    ],
)
def test_a_class_or_confidence_that_cannot_be_is_refused(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        read_box_rows(labels(tmp_path, files))


@pytest.mark.parametrize("names", ["names:\n", "names: []\n"])
def test_classes_without_names_are_no_sources(tmp_path: Path, names: str) -> None:
    rows = read_box_rows(labels(tmp_path, {"data.yaml": names, "a.txt": LABEL}))
    assert [(row.source, row.box) for row in rows] == [("", MIDDLE)]


def test_a_class_with_a_point_is_the_same_class(tmp_path: Path) -> None:
    files = {"classes.txt": "fin\r\nfluke\r\n", "a.txt": "1.000000 .5 .5 .5 .5"}
    assert [row.source for row in read_box_rows(labels(tmp_path, files))] == ["fluke"]


def test_a_list_as_numpy_prints_it_is_four_numbers(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    cell = ", ".join(f"np.float64({number})" for number in (100.0, 20.0, 30.0, 10.0))
    path.write_text(f'path,bbox\na.jpg,"[{cell}]"\n')
    assert [row.box for row in read_box_rows(path)] == [Box(100, 20, 130, 30)]


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        ([{"id": 1, "data": {}, "annotations": []}], "id,data,annotations"),  # Label Studio
        ([{"image_id": 1, "bbox": [1, 2, 3, 4]}], "image_id,bbox"),  # results for COCO
        ({"project": {}, "file": {}, "metadata": {}}, "project,file,metadata"),  # VIA 3
        ([], "list"),
    ],
)
def test_other_json_is_told_by_its_names(tmp_path: Path, tree: object, seen: str) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(InputError, match=f"it has '{seen}'.*export the boxes as COCO"):
        read_box_rows(path)
