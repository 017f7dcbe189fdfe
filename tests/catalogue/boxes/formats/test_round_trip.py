"""True boxes are written as each tool writes them, and read back to the pixel."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.errors import InputError

Pictures = dict[str, tuple[int, int, list[Box]]]  # width, height and boxes, by name
Writer = Callable[[Path, Pictures], Path]


@st.composite
def pictures(draw) -> Pictures:
    """Two or three pictures of any size, each with boxes of three pixels or more."""
    found: Pictures = {}
    for n in range(draw(st.integers(2, 3))):
        width, height = draw(st.integers(40, 6000)), draw(st.integers(40, 6000))
        boxes = []
        for _ in range(draw(st.integers(1, 3))):
            left, top = draw(st.integers(0, width - 3)), draw(st.integers(0, height - 3))
            right, low = draw(st.integers(left + 3, width)), draw(st.integers(top + 3, height))
            boxes.append(Box(left, top, right, low))
        found[f"trip/IMG {n}.jpg"] = width, height, boxes
    return found


def each(found: Pictures):
    for name, (width, height, boxes) in found.items():
        for box in boxes:
            yield name, width, height, box


def sides(box: Box) -> tuple[int, int]:
    return box.xmax - box.xmin, box.ymax - box.ymin


def table(header: str, row: Callable) -> Writer:
    def write(folder: Path, found: Pictures) -> Path:
        lines = [header, *(",".join(map(str, row(*one))) for one in each(found)), ""]
        (folder / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")
        return folder / "boxes.csv"

    return write


def corners(name: str, width: int, height: int, box: Box) -> list:
    return [name, "fin", box.xmin, box.ymin, box.xmax, box.ymax]


def size(name: str, width: int, height: int, box: Box) -> list:
    return [name, box.xmin, box.ymin, *sides(box), "fin"]


def middle(name: str, width: int, height: int, box: Box) -> list:
    across, down = sides(box)
    return ["fin", (box.xmin + across / 2), (box.ymin + down / 2), across, down, name]


def coco(folder: Path, found: Pictures) -> Path:
    ids = {name: place for place, name in enumerate(found, 7)}
    tree = {
        "images": [
            {"id": ids[name], "file_name": name, "width": width, "height": height}
            for name, (width, height, _) in found.items()
        ],
        "annotations": [
            {
                "id": place,
                "image_id": ids[name],
                "category_id": 3,
                "bbox": size(name, 0, 0, box)[1:5],
            }
            for place, (name, _, _, box) in enumerate(each(found))
        ],
        "categories": [{"id": 3, "name": "fin"}],
    }
    return dumped(folder / "coco.json", tree)


def dumped(path: Path, tree) -> Path:
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def megadetector(folder: Path, found: Pictures) -> Path:
    images = [
        {
            "file": name,
            "detections": [
                {
                    "category": "1", "conf": 0.5, "bbox": [
                        box.xmin / width, box.ymin / height,
                        sides(box)[0] / width, sides(box)[1] / height,
                    ],
                }
                for box in boxes
            ],
        }
        for name, (width, height, boxes) in found.items()
    ]  # fmt: skip
    tree = {"info": {"format_version": "1.4"}, "detection_categories": {"1": "fin"}}
    return dumped(folder / "megadetector.json", tree | {"images": images})


def newer_megadetector(folder: Path, found: Pictures) -> Path:
    tree = [
        {
            "file": name,
            "detections": [
                {"category": "fin", "confidence": 0.5, "bbox": corners(name, 0, 0, box)[2:]}
                for box in boxes
            ],
        }
        for name, (_, _, boxes) in found.items()
    ]
    return dumped(folder / "detections.json", tree)


def wildlife(folder: Path, found: Pictures) -> Path:
    tree = [
        {
            "img_id": name,
            "bbox": [corners(name, 0, 0, box)[2:] for box in boxes],
            "category": [0] * len(boxes),
            "confidence": [0.5] * len(boxes),
        }
        for name, (_, _, boxes) in found.items()
    ]
    return dumped(folder / "pw.json", {"annotations": tree, "categories": {"0": "fin"}})


def beside(folder: Path, name: str, ending: str, text: str) -> None:
    file = (folder / "labels" / name).with_suffix(ending)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def voc(folder: Path, found: Pictures) -> Path:
    for name, (width, height, boxes) in found.items():
        objects = "".join(
            f"<object><name>fin</name><bndbox><xmin>{box.xmin}</xmin><ymin>{box.ymin}</ymin>"
            f"<xmax>{box.xmax}</xmax><ymax>{box.ymax}</ymax></bndbox></object>"
            for box in boxes
        )
        size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
        short = Path(name).name
        text = f"<annotation><filename>{short}</filename>{size}{objects}</annotation>"
        beside(folder, name, ".xml", text)
    return folder / "labels"


def labelme(folder: Path, found: Pictures) -> Path:
    for name, (width, height, boxes) in found.items():
        shapes = []
        for box in boxes:
            ends = [[box.xmax, box.ymin], [box.xmin, box.ymax]]  # drawn from any corner
            outline = [*ends, [box.xmin, box.ymin]]
            for kind, points in (("rectangle", ends), ("polygon", outline)):
                shapes.append({"label": "fin", "points": points, "shape_type": kind})
        tree = {"imageWidth": width, "imageHeight": height, "shapes": shapes[::2] or shapes}
        tree["shapes"] = [shapes[2 * n + n % 2] for n in range(len(boxes))]
        tree["imagePath"] = f"..\\pictures\\{Path(name).name}"
        beside(folder, name, ".json", json.dumps(tree))
    return folder / "labels"


def via_shape(box: Box) -> dict:
    across, down = sides(box)
    return {"name": "rect", "x": box.xmin, "y": box.ymin, "width": across, "height": down}


def via_json(folder: Path, found: Pictures) -> Path:
    tree = {
        f"{name}123": {
            "filename": name,
            "size": 123,
            "regions": [
                {"shape_attributes": via_shape(box), "region_attributes": {"what": "fin"}}
                for box in boxes
            ],
        }
        for name, (_, _, boxes) in found.items()
    }
    return dumped(folder / "via.json", tree)


def via_csv(folder: Path, found: Pictures) -> Path:
    def cell(value: dict) -> str:
        return '"' + json.dumps(value).replace('"', '""') + '"'

    header = "filename,file_size,file_attributes,region_count,region_id,"
    header += "region_shape_attributes,region_attributes"
    return table(
        header,
        lambda name, w, h, box: [
            name, 123, '"{}"', 1, 0, cell(via_shape(box)), cell({"label": "fin"})
        ],
    )(folder, found)  # fmt: skip


def yolo(folder: Path, found: Pictures) -> Path:
    for name, (width, height, boxes) in found.items():
        lines = [
            f"0 {(box.xmin + box.xmax) / 2 / width!r} {(box.ymin + box.ymax) / 2 / height!r} "
            f"{sides(box)[0] / width!r} {sides(box)[1] / height!r}\n"
            for box in boxes
        ]
        beside(folder, name, ".txt", "".join(lines))
    (folder / "labels" / "classes.txt").write_text("fin\n")
    return folder / "labels"


WRITERS: dict[str, Writer] = {
    "ours": table("image,source,xmin,ymin,xmax,ymax", corners),
    "x1": table("filename,class,x1,y1,x2,y2", corners),
    "left": table("Image Name,Label,Left,Top,Right,Bottom", corners),
    "of a size": table(
        "image,label,xmin,ymin,xmax,ymax,width,height",
        lambda n, w, h, b: [*corners(n, w, h, b), w, h],
    ),
    "x,y,w,h": table("filename,x,y,w,h,label", size),
    "left,top,width,height": table("image,left,top,width,height,source", size),
    "xmin,ymin,width,height": table("image,xmin,ymin,width,height,source", size),
    "centre": table("class,x_center,y_center,width,height,image", middle),
    "shares": table(
        "image,source,xmin,ymin,xmax,ymax",
        lambda n, w, h, b: [n, "fin", b.xmin / w, b.ymin / h, b.xmax / w, b.ymax / h],
    ),
    "original": table(
        "image,conf,label,bbox",
        lambda n, w, h, b: [n, "[0.9]", "fin", f"[[{b.xmin}  {b.ymin} {b.xmax} {b.ymax}]]"],
    ),
    "coco": coco,
    "megadetector": megadetector,
    "newer megadetector": newer_megadetector,
    "pytorch wildlife": wildlife,
    "voc": voc,
    "labelme": labelme,
    "via json": via_json,
    "via csv": via_csv,
    "yolo": yolo,
}


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=15, deadline=None)
@given(found=pictures())
def test_what_is_written_is_read_back(kind: str, found: Pictures) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = read_box_rows(WRITERS[kind](Path(folder), found))
    assert {row.source for row in rows} == {"fin"}
    assert all(row.where for row in rows)
    read: dict[str, list[Box]] = {}
    for row in rows:
        name = f"{row.image}.jpg" if row.stem else row.image
        width, height, _ = found[name]
        read.setdefault(name, []).append(row.box.clip(width, height))
    assert read == {name: boxes for name, (_, _, boxes) in found.items()}


@settings(max_examples=40, deadline=None)
@given(found=pictures(), own=st.booleans(), data=st.data())
def test_width_and_height_are_the_pictures_or_the_boxs_own_but_never_a_third_thing(
    found: Pictures, own: bool, data
) -> None:
    header = "image,source,xmin,ymin,xmax,ymax,width,height"

    def row(name: str, width: int, height: int, box: Box) -> list:
        return [*corners(name, 0, 0, box), *(sides(box) if own else (width, height))]

    with tempfile.TemporaryDirectory() as folder:
        path = table(header, row)(Path(folder), found)
        try:
            rows = read_box_rows(path)
        except InputError as error:
            assert "boxes.csv line" in str(error)
            return
    true = [box for _, (_, _, boxes) in found.items() for box in boxes]
    assert [row.box.clip(*found[row.image][:2]) for row in rows] == true


@settings(max_examples=40, deadline=None)
@given(found=pictures(), data=st.data())
def test_opposite_edges_that_changed_places_are_refused(found: Pictures, data) -> None:
    one, other = data.draw(
        st.sampled_from([("xmin", "xmax"), ("ymin", "ymax")]), label="columns that changed places"
    )
    header = "image,source,xmin,ymin,xmax,ymax".replace(one, "_").replace(other, one)
    with tempfile.TemporaryDirectory() as folder:
        path = table(header.replace("_", other), corners)(Path(folder), found)
        with pytest.raises(InputError, match=r"Line \d of .*boxes\.csv: .*(edge|no area)"):
            read_box_rows(path)


@pytest.mark.parametrize(
    "kind", ["coco", "pytorch wildlife", "voc", "labelme", "via json", "via csv"]
)
@settings(max_examples=15, deadline=None)
@given(found=pictures())
def test_shares_in_a_format_of_pixels_are_refused(kind: str, found: Pictures) -> None:
    shares = {
        name: (
            width,
            height,
            [Box(b.xmin / width, b.ymin / height, b.xmax / width, b.ymax / height) for b in boxes],
        )
        for name, (width, height, boxes) in found.items()
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.raises(InputError, match=r"may be in shares .*this format has pixels"),
    ):
        read_box_rows(WRITERS[kind](Path(folder), shares))
