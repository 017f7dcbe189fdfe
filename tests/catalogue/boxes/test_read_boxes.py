from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.catalogue.boxes.match_photographs import rows_of_photographs
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.errors import InputError


@pytest.fixture
def read(tmp_path: Path):
    def from_text(text: str, source: str = "fullbody") -> dict:
        path = tmp_path / "boxes.csv"
        path.write_text(text, encoding="utf-8")
        return best_boxes(read_box_rows(path), source, [], path)

    return from_text


def test_the_originals_format_with_ragged_spaces_and_nan_rows(read) -> None:
    boxes = read(
        "image,bbox,conf\n"
        "a.jpg,[[0  103  803  656]],[0.97]\n"
        "b.jpg,[[ 12   7 99 100]],[[0.5]]\n"
        "c.jpg,,\n"
        "d.jpg,nan,nan\n"
        'e.jpg,"[[1, 2, 3, 4], [5, 6, 70, 80]]","[0.9, 0.4]"\n'
        "f.jpg,[],[]\n"
        "g.jpg,[[nan nan nan nan]],[0.9]\n"
    )
    assert boxes == {
        "a.jpg": Box(0, 103, 803, 656),
        "b.jpg": Box(12, 7, 99, 100),
        "e.jpg": Box(1, 2, 3, 4),
    }


def test_of_several_boxes_in_a_cell_the_first_counts_unless_another_is_surer(read) -> None:
    cell = '"[[1 2 30 40] [5 6 70 80]]"'
    assert read(f"image,bbox,conf\na.jpg,{cell},\n") == {"a.jpg": Box(1, 2, 30, 40)}
    assert read(f"image,bbox,conf\na.jpg,{cell},.5\n") == {"a.jpg": Box(1, 2, 30, 40)}
    assert read(f"image,bbox,conf\na.jpg,{cell},[.5 .6]\n") == {"a.jpg": Box(5, 6, 70, 80)}


def test_a_bbox_that_is_not_four_numbers_is_refused_by_its_line(read) -> None:
    with pytest.raises(InputError, match=r"Line 3 of .*bbox '\[\[1 2 3\]\]' must be four numbers"):
        read("image,bbox,conf\na.jpg,[[1 2 3 4]],1\nb.jpg,[[1 2 3]],1\n")


def test_a_file_name_with_corner_and_size(read) -> None:
    boxes = read("filename,x,y,w,h\na.jpg,10,20,30,40\nb.jpg,1.5,0,2,2\nc.jpg,,,,\n")
    assert boxes == {"a.jpg": Box(10, 20, 40, 60), "b.jpg": Box(1, 0, 4, 2)}


def test_a_box_cell_among_other_columns(read) -> None:
    boxes = read(
        "image,species,individual_id,box\n"
        "a.jpg,beluga,09913,0 103 803 656\n"
        "b.jpg,beluga,NA,\n"
        "c.jpg,beluga,1e10,nan\n"
    )
    assert boxes == {"a.jpg": Box(0, 103, 803, 656)}


def test_labelled_corners_are_of_a_picture_of_the_size_given(read) -> None:
    text = (
        "image,label,xmin,ymin,xmax,ymax,width,height\n"
        "a.jpg,fin,513.0,301.1,631.4,418.4,1280,854\n"
        "b.jpg,fin,10,10,20,30,,\n"
        "c.jpg,dolphin,0,0,5,5,1280,854\n"
    )
    boxes = read(text, "fin")
    assert set(boxes) == {"a.jpg", "b.jpg"}
    assert boxes["a.jpg"].clip(1280, 854) == Box(513, 301, 632, 419)
    assert boxes["a.jpg"].clip(640, 427) == Box(256, 150, 316, 210)
    assert boxes["b.jpg"] == Box(10, 10, 20, 30)
    with pytest.raises(InputError, match=r"no box of source 'backfin' \(it has: dolphin, fin\)"):
        read(text, "backfin")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_and_other_line_ends_are_fine(read, newline: str) -> None:
    rows = ["\ufeffimage,bbox,conf", "a.jpg,[[1 2 3 4]],1", ""]
    assert read(newline.join(rows)) == {"a.jpg": Box(1, 2, 3, 4)}


def test_an_unknown_header_is_refused_with_what_it_is(read) -> None:
    with pytest.raises(InputError, match=r"its header is 'image,left,right'. Name the columns"):
        read("image,left,right\n")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_box_rows(tmp_path / "boxes.csv")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("0 0.5 0.5 0.2 0.4 0.9\n1 0.25 0.25 0.1 0.1 0.8\n")
    (folder / "deep" / "b.txt").write_text("0 0.5 0.5 1 1\n\n")
    (folder / "empty.txt").write_text("")
    return folder


def test_yolo_labels_are_shares_of_the_picture_by_image_name(labels: Path) -> None:
    images = {name: labels / name for name in ("a.jpg", "deep/b.png", "empty.jpg")}
    rows = rows_of_photographs(read_box_rows(labels), images, labels)
    boxes = best_boxes(rows, "fullbody", images, labels)
    assert boxes["a.jpg"].clip(100, 50) == Box(40, 15, 60, 35)
    assert boxes["deep/b.png"] == RelativeBox(0, 0, 1, 1)
    assert set(boxes) == {"a.jpg", "deep/b.png"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "fullbody\nbackfin\n"),
        ("data.yaml", "names: [fullbody, backfin]\n"),
        ("data.yaml", "names:\n  0: fullbody\n  1: backfin\n"),
    ],
)
@pytest.mark.parametrize("above", [False, True])
def test_yolo_classes_are_the_sources(labels: Path, name: str, text: str, above: bool) -> None:
    (labels.parent if above else labels).joinpath(name).write_text(text)
    images = {name: labels / name for name in ("a.jpg", "deep/b.jpg", "empty.jpg")}
    rows = rows_of_photographs(read_box_rows(labels), images, labels)
    fins = best_boxes(rows, "backfin", images, labels)
    assert {image: box.clip(100, 100) for image, box in fins.items()} == {
        "a.jpg": Box(20, 20, 30, 30)
    }


def test_headers_of_openimages_and_via_3_say_what_to_change(read) -> None:
    row = "0001,xclick,/m/084zz,1,0.1,0.4,0.2,0.6\n"
    with pytest.raises(InputError, match="Rename ImageID to image, remove Source, and rename"):
        read("ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n" + row)
    changed = "image,source,Confidence,XMin,XMax,YMin,YMax\n0001,fin,1,0.1,0.4,0.2,0.6\n"
    assert read(changed, "fin") == {"0001": RelativeBox(0.1, 0.2, 0.4, 0.6)}
    header = "metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,metadata"
    with pytest.raises(InputError, match=r"VIA 3 .* columns image,source,x,y,w,h"):
        read(f'# CSV_HEADER = {header}\n"1_a","[""a.jpg""]",0,"[]","[2,1,2,30,40]","{{}}"\n')


def test_broken_yolo_labels_are_refused(labels: Path, tmp_path: Path) -> None:
    (labels / "c.txt").write_text("0 0.5 0.5\n")
    with pytest.raises(InputError, match=r"c\.txt: the line '0 0\.5 0\.5' must be `class cx cy"):
        read_box_rows(labels)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no boxes"):
        read_box_rows(tmp_path / "none")


@pytest.mark.parametrize("line", ["0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9", "0 0.5 0.5 0.2"])
def test_an_outline_is_not_taken_for_a_box(labels: Path, line: str) -> None:
    (labels / "outline.txt").write_text(line)
    with pytest.raises(InputError, match=r"outline\.txt: the line .* must be exported as boxes"):
        read_box_rows(labels)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.txt", b"\xff\xfe0 0.5", "is not UTF-8 text"),
        ("classes.txt", b"\xe9paulard", "is not UTF-8 text"),
        ("data.yaml", b"names: [a", "is not a YAML file"),
    ],
)
def test_label_files_that_cannot_be_read_are_named(
    labels: Path, name: str, content: bytes, message: str
) -> None:
    (labels / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name} {message}"):
        read_box_rows(labels)
