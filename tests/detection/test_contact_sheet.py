from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.detection.boxes_table import COLUMNS, WITHOUT
from tf_happywhale.detection.contact_sheet import (
    COLOURS,
    Sheet,
    draw_boxes,
    make_cards,
    write_sheet,
)


def table(*rows: str) -> pd.DataFrame:
    return pd.DataFrame([row.split(",") for row in rows], columns=COLUMNS)


BOXES = table(
    "sure.jpg,fin,0,0,9,9,0.9,yolo",
    "unsure.jpg,fin,0,0,9,9,0.3,yolo",
    "unsure.jpg,body,0,0,9,9,0.8,yolo",
    "mended.jpg,fin,0,0,9,9,0.2,yolo",
    "mended.jpg,fin,1,1,5,5,,manual",
    "half.jpg,fin,0,0,9,9,0.95,yolo",
    "drawn.jpg,body,0,0,9,9,,manual",
)
WITHOUT_BOX = pd.DataFrame(
    [["half.jpg", "body", "too low"], ["drawn.jpg", "body", "too low"], ["bad.jpg", "", "broken"]],
    columns=WITHOUT,
)


def test_the_least_certain_come_first_and_what_a_person_drew_last() -> None:
    cards = make_cards(BOXES, WITHOUT_BOX)
    assert [(card.image, card.certainty) for card in cards] == [
        ("bad.jpg", -1), ("half.jpg", -1), ("unsure.jpg", 0.3), ("sure.jpg", 0.9),
        ("drawn.jpg", 1), ("mended.jpg", 1),
    ]  # fmt: skip
    by_name = {card.image: card for card in cards}
    assert [row["xmin"] for row in by_name["mended.jpg"].rows] == ["1"]
    assert [row["line"] for row in by_name["mended.jpg"].rows] == ["6"]
    assert by_name["drawn.jpg"].missing == []
    assert by_name["bad.jpg"].missing == [("", "broken")]


def test_boxes_are_drawn_where_they_are_on_a_smaller_picture() -> None:
    rows = table("a.jpg,fin,20,40,100,80,0.9,yolo", "a.jpg,fin,0,0,20,20,,manual")
    drawn = draw_boxes(np.zeros((50, 100, 3), np.uint8), (200, 100), rows.to_dict("records"))
    assert drawn[20, 10].tolist() == list(COLOURS["detected"])
    assert drawn[39, 49].tolist() == list(COLOURS["detected"])
    assert drawn[30, 30].tolist() == [0, 0, 0]
    assert drawn[9, 9].tolist() == list(COLOURS["manual"])
    assert not drawn[41:, :].any()


def test_a_sheet_needs_no_other_file_and_escapes_names(photographs, tmp_path: Path) -> None:
    paths = photographs(2)
    boxes = table("000.png,fin,0,10,20,30,0.9,yolo", "<b>.jpg,fin,0,10,20,30,0.4,yolo")
    boxes = pd.concat([boxes, table("there.jpg,fin,,,,,,Manual")], ignore_index=True)
    without = pd.DataFrame([["001.png", "fin", "a < b"]], columns=WITHOUT)
    file = tmp_path / "new" / "report.html"
    sheet = Sheet(make_cards(boxes, without), paths, tmp_path / "boxes.csv", "Three.")
    write_sheet(file, sheet, side=64)
    page = file.read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 2
    assert "&lt;b&gt;.jpg" in page and "<b>.jpg" not in page
    assert "a &lt; b" in page
    assert page.index("001.png") < page.index("&lt;b&gt;.jpg") < page.index("000.png")
    assert "http" not in page
    assert "line 3" in page and "no picture" in page
    assert "fin no animal, says a person · line 4" in page
