"""What cannot be read for certain is one sentence with the place and the remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.errors import InputError

CORNERS = "image,xmin,ymin,xmax,ymax"


@pytest.fixture
def read(tmp_path: Path):
    def from_content(content: object, name: str = "boxes.csv") -> list[BoxRow]:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_box_rows(tmp_path / name)

    return from_content


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("image,bbox\na.jpg,\"[10, 20, 300, 400]\"\n", "Line 2 of .*10, 20, 300, 400 may be left, "
         "top, right, bottom or left, top, width, height.*data.boxes_format=xywh"),
        ("image,bbox\na.jpg,\"[0.1, 0.2, 0.3, 0.4]\"\n", "Line 2 of .*data.boxes_format=corners"),
        ("image,bbox\na.jpg,\"[9, 9, 4, 4]\"\nb.jpg,\"[1, 1, -4, 4]\"\n", "Line 3 of"),
        ("image,bbox\na.jpg,\"[1, 2, 3, 4, 0.3]\"\n", "Line 2 of .*: bbox .*as a turned box has"),
        ("image,bbox\na.jpg,\"[[1, 2], [3, 4], [5, 6]]\"\n", "Line 2 of .*bbox .*four numbers"),
        ("image,bbox\na.jpg,10 20 1 2 3 4 5 6\n", "Line 2 of .*: bbox .*must be four numbers"),
        ("image,bbox\na.jpg,ten\n", "Line 2 of .*: bbox 'ten' must be four numbers"),
        ("image,bbox,conf\na.jpg,[[50 20 10 90]],1\n", "Line 2 of .*the right edge .*boxes_format"),
        ("image,x,y,w,h,theta\na.jpg,1,2,30,40,0\nb.jpg,1,2,30,40,.5\n", "Line 3 of .*: .* turned"),
        (f"{CORNERS},angle\na.jpg,1,2,30,40,30\n", "Line 2 of .*: the box is turned"),
        ("image,x,y,w,h\na.jpg,1,2,0,40\n", "Line 2 of .*: the box 1, 2, 0, 40 has no area"),
        ("image,x,y,w,h\na.jpg,1,2,-5,40\n", "Line 2 of .*: "),
        ("image,x,y,w,h\na.jpg,.7,.2,.6,.4\n", "Line 2 of .*: .*columns cx,cy,w,h"),
        ("image,x,y,w,h\n,1,2,30,40\n", "Line 2 of .* names no image"),
        (f"{CORNERS}\na.jpg,1e3x,2,30,40\n", "Line 2 of .*: xmin '1e3x' is not a number"),
        (f"{CORNERS}\na.jpg,\"1,234\",2,\"3,234\",40\n", "Line 2 of .*: xmin '1,234' may have"),
        (f"{CORNERS}\na.jpg,\"1,5\",2.5,\"3,2\",40\n", "Line 2 of .*: xmin '1,5' may have"),
        (f"{CORNERS},conf\na.jpg,1,2,30,40,sure\n", "Line 2 of .*: conf 'sure' is not a"),
        (f"{CORNERS},width,height\na.jpg,0,0,300,400,300,400\n", "may be those of the picture"),
        (f"{CORNERS},width,height\na.jpg,10,10,300,400,200,200\n", "Line 2 of .*: .*beyond"),
        ("image,bbox\na.jpg,\"[[1,2,30,40],[5,6,70,80]]\"\n", "may be left, top, right"),
        ("image,conf,bbox\na.jpg,\"[.5, .5]\",[[1 2 30 40]]\n", "Line 2 of .*1 boxes but 2 conf"),
        (f"{CORNERS},Xmin\na.jpg,1,2,30,40,1\nb.jpg,1,2,30,40,9\n", "Line 3 of .*'1' .*'xmin' but "
         "'9' in 'Xmin', and each may be meant: rename"),
        (f"{CORNERS},x1,y1,x2,y2\na.jpg,1,2,30,40,1,2,30,41\n", "'40' .*'ymax' but '41' in 'y2'"),
        (f"{CORNERS},bbox\na.jpg,1,2,30,40,\"[1, 2, 30, 44]\"\n",
         "'1,2,30,40' .*xmin,ymin,xmax,ymax' but '.1, 2, 30, 44.' in 'bbox', and each may be"),
        (f"{CORNERS},box\na.jpg,,,,,1 2 30 44\n", "',,,' .* but '1 2 30 44' in 'box'"),
        ("image,x,y,w,h,xmin,ymin\na.jpg,100,50,40,20,80,40\n", "'100' .*'x' but '80' in 'xmin'"),
    ],
)  # fmt: skip
def test_a_table_by_its_line(read, table: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        read(table)
    assert "boxes.csv" in str(caught.value)


def test_columns_that_say_the_same_twice_are_read(read) -> None:
    head = "image,x,y,w,h,width,height,x1,y1,score,conf"
    rows = read(f"{head}\na.jpg,10,20,30,40,640,480,10.0,,.5,.9\n")
    assert [row.box.clip(640, 480) for row in rows] == [Box(10, 20, 40, 60)]
    assert rows[0].confidence == 0.9


@pytest.mark.parametrize(
    "cell",
    [
        "1 2 30 40",
        "[1, 2, 29, 38]",
        "15.5 21 29 38",
        "[[9 9 12 12] [1 2 30 41]]",
        ".1 .2 .3 .4",
        "",
        "fin",
        "[]",
        "nan",
    ],
)
def test_a_cell_that_says_the_same_box_or_nothing_is_passed_over(read, cell: str) -> None:
    assert read(f'{CORNERS},bbox\na.jpg,1,2,30,40,"{cell}"\n')[0].box == Box(1, 2, 30, 40)


def test_a_row_that_only_one_convention_allows_tells_it_for_all(read) -> None:
    rows = read('image,bbox\na.jpg,"[10, 20, 300, 400]"\nb.jpg,"[500, 20, 100, 80]"\n')
    assert [row.box for row in rows] == [Box(10, 20, 310, 420), Box(500, 20, 600, 100)]
    rows = read(
        "image,bbox,image_width,image_height\n"
        'a.jpg,"[10, 20, 300, 400]",1000,800\nb.jpg,"[500, 20, 900, 80]",1000,800\n'
    )
    assert rows[0].box.clip(1000, 800) == Box(10, 20, 300, 400)


@pytest.mark.parametrize(
    ("asked", "box"),
    [
        ("corners", Box(10, 20, 300, 400)),
        ("xywh", Box(10, 20, 310, 420)),
        ("cxcywh", Box(-140, -180, 160, 220)),
    ],
)
def test_what_is_asked_for_decides(tmp_path: Path, asked: str, box: Box) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text('image,bbox\na.jpg,"[10, 20, 300, 400]"\n')
    assert read_box_rows(path, Reading(boxes_format=asked))[0].box == box


def test_decimal_commas_are_read_where_nothing_else_is_possible(read) -> None:
    head = "image,xmin,ymin,xmax,ymax,confidence\n"
    rows = read(head + 'a.jpg,"12,5",2,"30,25",40,"0,75"\nb.jpg,"1,234",2,3,40,1\n')
    assert [row.box for row in rows] == [Box(12, 2, 31, 40), Box(1, 2, 3, 40)]
    assert [row.confidence for row in rows] == [0.75, 1]


def test_all_boxes_of_a_cell_are_rows_in_their_order(read) -> None:
    rows = read('image,bbox,conf\na.jpg,"[[1 2 30 40]\n [5 6 70 80]]","[0.4, 0.9]"\n')
    assert [(row.box, row.confidence) for row in rows] == [
        (Box(1, 2, 30, 40), 0.4), (Box(5, 6, 70, 80), 0.9)
    ]  # fmt: skip


def test_an_own_size_beside_corners_changes_nothing(read) -> None:
    head = f"{CORNERS},width,height\n"
    rows = read(head + "a.jpg,100,50,160,90,60,40\nb.jpg,200,50,260,80,61,31\n")
    assert [row.box for row in rows] == [Box(100, 50, 160, 90), Box(200, 50, 260, 80)]


DETECTION = {"category": "1", "conf": 0.5, "bbox": [0.1, 0.2, 0.3, 0.4]}


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ({"a" * 700_000: 1}, "an unknown format"),
        (["a" * 700_000], "an unknown format"),
        ("[" * 100_000, "nested too deeply"),
        ('{"images": [], "images": [{}]}', "has 'images' twice, differently"),
        ('{"images": [', r"cannot be read as JSON \(line 1"),
        ({"detection_categories": {}, "images": [{"detections": []}]}, "image 1: file"),
        (
            {"images": [{"file": "a.jpg", "detections": [DETECTION | {"bbox": [1, 2, 30, 40]}]}]},
            "a.jpg: the box 1, 2, 30, 40 reaches beyond .*from 0 to 1",
        ),
        (
            {"images": [{"file": "a.jpg", "detections": [DETECTION | {"bbox": [1, 2, 3]}]}]},
            "a.jpg: the box .* must be four numbers",
        ),
        (
            {"images": [{"file": "a.jpg", "detections": [DETECTION | {"bbox": None}]}]},
            "a.jpg: bbox is missing",
        ),
        ([{"file": "a.jpg", "detections": [DETECTION]}], "data.boxes_format="),
        (
            {"annotations": [{"img_id": "a.jpg", "bbox": [[1, 2, 3, 4]], "category": [],
                              "confidence": [1]}]},
            "a.jpg has 1 boxes, 0 categories and 1 confidences",
        ),
        (
            {"images": [], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]},
            "annotation 1 is of image '1', which the file does not list",
        ),
        (
            {"images": [{"id": 1, "file_name": "a.jpg"}],
             "annotations": [{"image_id": 1, "bbox": [1, 2, 30, 40], "theta": 0.2}]},
            "annotation 1: the box is turned",
        ),
        (
            {"images": [{"id": 1, "file_name": "a.jpg"}],
             "annotations": [{"image_id": 1, "bbox": [1, 2, 0, 40]}]},
            "annotation 1: the box 1, 2, 0, 40 has no area",
        ),
        (
            {"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
             "annotations": [{"image_id": 1, "bbox": [600, 400, 630, 470]}]},
            "annotation 1: .*beyond the picture, which is 640 by 480",
        ),
        ({"imagePath": "b.jpg", "shapes": []}, "names the picture b.jpg, but"),
        ({"imagePath": "boxes.jpg", "shapes": [{"label": "fin", "shape_type": "point",
          "points": [[1, 2]]}]}, "shape 1: .*not the points of a shape"),
        ({"imagePath": "boxes.jpg", "shapes": [{"label": "fin", "shape_type": "rotation",
          "points": [[1, 2], [3, 4], [5, 6], [3, 9]]}]}, "shape 1 is a 'rotation' of 4 points"),
        ({"a": {"filename": "a.jpg", "regions": [{"shape_attributes": {"name": "point", "cx": 1,
          "cy": 1}}]}}, "a.jpg is a 'point', and no upright box"),
    ],
)  # fmt: skip
def test_a_json_file_by_its_place_and_in_one_short_sentence(
    read, tree: object, reason: str
) -> None:
    with pytest.raises(InputError, match=rf"boxes\.json.*{reason}") as error:
        read(tree, "boxes.json")
    assert len(str(error.value)) < 500


VOC = "<annotation><filename>{name}</filename><object><name>fin</name>{box}</object></annotation>"
BOX = "<bndbox><xmin>{}</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotation>", "cannot be read as XML"),
        ("<html></html>", "not a VOC annotation but begins with 'html'"),
        (VOC.format(name="b.jpg", box=BOX.format(1)), "names the picture b.jpg, but"),
        (VOC.format(name="", box=BOX.format(1)), "does not name its picture"),
        (VOC.format(name="a.jpg", box=BOX.format(50)), "object 1: the right edge"),
        (VOC.format(name="a.jpg", box=BOX.format("x")), "object 1: xmin 'x' is not a num"),
        (VOC.format(name="a.jpg", box="<robndbox/>"), "object 1 has a turned box"),
        (VOC.format(name="a.jpg", box="<bndbox/>"), "object 1 lacks xmin"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>', "has a DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "has a DOCTYPE"),
    ],
)  # fmt: skip
def test_an_xml_file_by_its_object(read, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=rf"a\.xml.*{reason}"):
        read(text, "a.xml")


def test_a_folder_of_two_formats_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 .5 .5 .1 .1\n")
    (tmp_path / "a.xml").write_text(VOC.format(name="a.jpg", box=BOX.format(1)))
    with pytest.raises(InputError, match=r"holds 1 of YOLO's \.txt and 1 of VOC's \.xml"):
        read_box_rows(tmp_path)


def test_people_and_vehicles_are_no_animals(read) -> None:
    seen = [DETECTION | {"category": str(n), "conf": n / 10} for n in (1, 2, 3)]
    images = [{"file": "a.jpg", "detections": seen}, {"file": "b.jpg", "detections": []}]
    images.append({"file": "c.jpg", "failure": "cannot be read", "detections": None})
    kinds = {"1": "animal", "2": "person", "3": "vehicle"}
    rows = read({"images": images, "detection_categories": kinds}, "md.json")
    assert [(row.image, row.source, row.confidence, bool(row.box)) for row in rows] == [
        ("a.jpg", "", 0.1, True), ("a.jpg", "person", 0.2, True), ("a.jpg", "vehicle", 0.3, True),
        ("b.jpg", "", 0, False), ("c.jpg", "", 0, False),
    ]  # fmt: skip
    assert not any(row.manual for row in rows)


def test_crowds_are_left_out_and_an_outline_is_the_box_around_it(read) -> None:
    tree = {
        "images": [{"id": n, "file_name": f"{n}.jpg"} for n in (1, 2)],
        "annotations": [
            {"image_id": 1, "iscrowd": 1, "bbox": [1, 2, 30, 40]},
            {"image_id": 1, "segmentation": [[10, 20, 50, 30, 20, 80]]},
        ],
    }
    rows = read(tree, "coco.json")
    assert [(row.image, row.box) for row in rows] == [
        ("1.jpg", Box(10, 20, 50, 80)),
        ("2.jpg", None),
    ]
