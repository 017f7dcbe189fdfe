from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.best_boxes import best_boxes, best_rows
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.errors import InputError

HEADER = "image,source,xmin,ymin,xmax,ymax,confidence,origin"


@pytest.fixture
def read(tmp_path: Path):
    def from_rows(*rows: str, source: str = "fullbody") -> dict[str, Box]:
        path = tmp_path / "boxes.csv"
        path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        return best_boxes(read_box_rows(path), source, [], path)

    return from_rows


def test_floats_are_floored_and_ceiled_outwards(read) -> None:
    boxes = read("a.jpg,fullbody,1.9,2.0,10.1,20.0,0.5,yolo", "b.jpg,fullbody,-0.5,0,1e1,2,,x")
    assert boxes == {"a.jpg": Box(1, 2, 11, 20), "b.jpg": Box(-1, 0, 10, 2)}


@pytest.mark.parametrize("turn", [1, -1])
def test_a_manual_row_wins_whatever_the_confidence_and_order(read, turn: int) -> None:
    rows = [
        "a.jpg,fullbody,0,0,10,10,0.99,yolo",
        "a.jpg,fullbody,0,0,20,20,0.10,manual",
        "a.jpg,fullbody,0,0,30,30,0.50,import",
    ]
    assert read(*rows[::turn]) == {"a.jpg": Box(0, 0, 20, 20)}


@pytest.mark.parametrize("turn", [1, -1])
def test_then_the_highest_confidence_by_number(read, turn: int) -> None:
    rows = [
        "a.jpg,fullbody,0,0,10,10,0.9,yolo",
        "a.jpg,fullbody,0,0,20,20,9e-2,yolo",  # greater only as text
        "a.jpg,fullbody,0,0,30,30,,yolo",
        "a.jpg,fullbody,0,0,40,40,nan,yolo",
    ]
    assert read(*rows[::turn]) == {"a.jpg": Box(0, 0, 10, 10)}


def test_among_equals_the_later_row(read) -> None:
    rows = ["a.jpg,fullbody,0,0,10,10,,manual", "a.jpg,fullbody,0,0,20,20,,manual"]
    assert read(*rows) == {"a.jpg": Box(0, 0, 20, 20)}


def test_rows_of_other_sources_and_images_do_not_mix(read) -> None:
    rows = [
        "a.jpg,fullbody,0,0,10,10,0.1,yolo",
        "a.jpg,backfin,0,0,20,20,0.9,manual",
        "b.jpg,fullbody,0,0,30,30,0.9,manual",
    ]
    assert read(*rows) == {"a.jpg": Box(0, 0, 10, 10), "b.jpg": Box(0, 0, 30, 30)}
    assert read(*rows, source="backfin") == {"a.jpg": Box(0, 0, 20, 20)}


@pytest.mark.parametrize("corners", [",,,", "nan,nan,nan,nan", "None, NA ,null,N/A"])
def test_a_row_without_numbers_is_no_box_and_hides_none(read, corners: str) -> None:
    good = "a.jpg,fullbody,0,0,10,10,0.1,yolo"
    assert read(f"b.jpg,fullbody,{corners},1,yolo", good) == {"a.jpg": Box(0, 0, 10, 10)}
    assert read(good, f"a.jpg,fullbody,{corners},1,yolo") == {"a.jpg": Box(0, 0, 10, 10)}


@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        ("nan,0,10,10", "xmin is empty"),
        ("5,,7,8", "ymin is empty"),
        ("0,0,inf,10", "xmax 'inf' is not a number"),
        ("a,b,c,d", "xmin 'a' is not a number"),
        ("5,0,5,9", "the right edge .5. is not to the right of the left edge .5."),
        ("9,0,5,9", "the right edge .5. is not to the right of the left edge .9."),
        ("0,9,5,5", "the lower edge .5. is not below the upper edge .9."),
        ("0,0,0,0", "0, 0, 0, 0 has no area"),
        ("-1,-1,-1,-1", "-1, -1, -1, -1 has no area"),
    ],
)
@pytest.mark.parametrize("origin", ["manual", "yolo"])
def test_a_row_with_wrong_numbers_is_refused_by_its_line(
    read, corners: str, reason: str, origin: str
) -> None:
    good = "a.jpg,fullbody,0,0,10,10,0.1,yolo"
    with pytest.raises(InputError, match=rf"Line 3 of .*boxes\.csv: .*{reason}"):
        read(good, f"b.jpg,fullbody,{corners},1,{origin}")


@pytest.mark.parametrize("origin", ["manual", "Manual", " manual "])
def test_a_person_may_say_that_there_is_none(read, origin: str) -> None:
    detected = "a.jpg,fullbody,0,0,10,10,0.9,yolo"
    nothing, drawn = f"a.jpg,fullbody,,,,,.8,{origin}", f"a.jpg,fullbody,2,2,30,30,,{origin}"
    assert read(nothing, detected) == {}
    assert read(drawn, nothing, detected) == {"a.jpg": Box(2, 2, 30, 30)}


def test_a_source_that_is_not_there_is_refused_with_those_that_are(read) -> None:
    with pytest.raises(InputError, match=r"'fluke' \(it has: backfin, fullbody\).*whole"):
        read("a.jpg,fullbody,0,0,10,10,1,x", "a.jpg,backfin,0,0,10,10,1,x", source="fluke")


def test_rows_that_do_not_say_what_is_in_the_box_count_for_any_source() -> None:
    rows = [BoxRow("a.jpg", "", Box(0, 0, 1, 1), 0), BoxRow("b.jpg", "fin", Box(0, 0, 2, 2), 0)]
    path = Path("boxes.csv")
    assert best_boxes(rows, "fin", [], path) == {"a.jpg": Box(0, 0, 1, 1), "b.jpg": Box(0, 0, 2, 2)}
    assert best_boxes(rows, "body", [], path) == {"a.jpg": Box(0, 0, 1, 1)}


def test_boxes_without_numbers_are_counted_where_several_animals_are_listed() -> None:
    places = [Box(left, 0, left + 5, 5) for left in (0, 10, 20)]
    sure = [BoxRow("a.jpg", "", box, n) for box, n in zip(places, (0.3, 0.9, 0.5), strict=True)]
    plain = [BoxRow("a.jpg", "", box, 0.0) for box in places]
    listed = ["a.jpg", "a.jpg#2", "a.jpg#3"]

    def found(rows: list[BoxRow], images: list[str] = listed) -> list[int]:
        best = best_rows(rows, "fullbody", images, Path("boxes.csv"))
        return [best[key].box.xmin for key in images if key in best]

    assert found(sure) == [10, 20, 0]  # by falling confidence, as identify counts
    assert found(plain) == [0, 10, 20]  # as they stand in the file
    by_hand = [*sure, BoxRow("a.jpg", "", Box(30, 0, 35, 5), 0.0, manual=True)]
    assert found(by_hand) == [30]
    assert found(sure, ["a.jpg"]) == [10]  # one animal: the best box
    numbered = [row._replace(number=n) for row, n in zip(sure, (2, 1, 3), strict=True)]
    assert found(numbered) == [10, 0, 20]


def test_that_one_of_several_boxes_is_taken_is_said(capsys) -> None:
    rows = [BoxRow("a.jpg", "", Box(n, 0, n + 5, 5), n / 100) for n in (0, 10, 20)]
    again = rows[0]._replace(box=Box(0, 0, 5, 6))  # the same animal, a pixel larger
    path = Path("several.csv")
    best_rows([rows[0], again], "fullbody", ["a.jpg"], path)
    best_rows([row._replace(number=n) for n, row in enumerate(rows, 1)], "x", ["a.jpg"], path)
    assert capsys.readouterr().out == ""
    best_rows(rows, "fullbody", ["a.jpg"], path)
    said = capsys.readouterr().out
    assert "several.csv: 1 photographs have several boxes of source fullbody, such as a.jpg" in said
    assert "the highest confidence" in said
