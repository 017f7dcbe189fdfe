from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes import Box, parse_box, read_boxes
from tf_happywhale.errors import InputError

HEADER = "image,source,xmin,ymin,xmax,ymax,confidence,origin"


@pytest.fixture
def read(tmp_path: Path):
    def from_rows(*rows: str, source: str = "fullbody") -> dict[str, Box]:
        path = tmp_path / "boxes.csv"
        path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        return read_boxes(path, source)

    return from_rows


def test_floats_are_floored_and_ceiled_outwards(read) -> None:
    boxes = read("a.jpg,fullbody,1.9,2.0,10.1,20.0,0.5,yolo", "b.jpg,fullbody,-0.5,0,1e1,2,,x")
    assert boxes == {"a.jpg": Box(1, 2, 11, 20), "b.jpg": Box(-1, 0, 10, 2)}


@pytest.mark.parametrize("turn", [1, -1])
def test_a_manual_row_wins_whatever_the_confidence_and_order(read, turn: int) -> None:
    rows = [
        "a.jpg,fullbody,0,0,1,1,0.99,yolo",
        "a.jpg,fullbody,0,0,2,2,0.10,manual",
        "a.jpg,fullbody,0,0,3,3,0.50,import",
    ]
    assert read(*rows[::turn]) == {"a.jpg": Box(0, 0, 2, 2)}


@pytest.mark.parametrize("turn", [1, -1])
def test_then_the_highest_confidence_by_number(read, turn: int) -> None:
    rows = [
        "a.jpg,fullbody,0,0,1,1,0.9,yolo",
        "a.jpg,fullbody,0,0,2,2,9e-2,yolo",  # greater only as text
        "a.jpg,fullbody,0,0,3,3,,yolo",
        "a.jpg,fullbody,0,0,4,4,nan,yolo",
    ]
    assert read(*rows[::turn]) == {"a.jpg": Box(0, 0, 1, 1)}


def test_among_equals_the_later_row(read) -> None:
    rows = ["a.jpg,fullbody,0,0,1,1,,manual", "a.jpg,fullbody,0,0,2,2,,manual"]
    assert read(*rows) == {"a.jpg": Box(0, 0, 2, 2)}


def test_rows_of_other_sources_and_images_do_not_mix(read) -> None:
    rows = [
        "a.jpg,fullbody,0,0,1,1,0.1,yolo",
        "a.jpg,backfin,0,0,2,2,0.9,manual",
        "b.jpg,fullbody,0,0,3,3,0.9,manual",
    ]
    assert read(*rows) == {"a.jpg": Box(0, 0, 1, 1), "b.jpg": Box(0, 0, 3, 3)}
    assert read(*rows, source="backfin") == {"a.jpg": Box(0, 0, 2, 2)}


@pytest.mark.parametrize(
    "corners", ["nan,0,1,1", ",,,", "0,0,inf,1", "5,0,5,9", "9,0,5,9", "0,9,5,5", "a,b,c,d"]
)
def test_a_row_without_an_area_is_no_box_and_hides_none(read, corners: str) -> None:
    good = "a.jpg,fullbody,0,0,1,1,0.1,yolo"
    assert parse_box(*corners.split(",")) is None
    assert read(f"b.jpg,fullbody,{corners},1,manual", good) == {"a.jpg": Box(0, 0, 1, 1)}
    assert read(good, f"a.jpg,fullbody,{corners},1,yolo") == {"a.jpg": Box(0, 0, 1, 1)}


def test_a_source_that_is_not_there_is_refused_with_those_that_are(read) -> None:
    with pytest.raises(InputError, match=r"'fluke' \(it has: backfin, fullbody\).*whole"):
        read("a.jpg,fullbody,0,0,1,1,1,x", "a.jpg,backfin,0,0,1,1,1,x", source="fluke")


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text("image,xmin,ymin,xmax,ymax\n")
    with pytest.raises(InputError, match="lacks the column source, confidence, origin"):
        read_boxes(path, "fullbody")


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (Box(1, 2, 3, 4), Box(1, 2, 3, 4)),
        (Box(-5, -5, 100, 100), Box(0, 0, 30, 20)),
        (Box(25, 15, 35, 25), Box(25, 15, 30, 20)),
        (Box(30, 0, 40, 10), None),
        (Box(0, 20, 10, 30), None),
        (Box(-10, 0, 0, 10), None),
    ],
)
def test_a_box_is_clipped_to_the_picture(box: Box, inside: Box | None) -> None:
    assert box.clip(width=30, height=20) == inside
