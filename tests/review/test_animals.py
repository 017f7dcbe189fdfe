"""Several animals of one photograph on the pages."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.config.report import Report
from tf_happywhale.review.closeness import closest_first
from tf_happywhale.review.overlay import OTHERS, OUTLINE, number_boxes
from tf_happywhale.review.query_pages import write_report
from tf_happywhale.review.report_content import Known, ReportContent

COLUMNS = ["image", "box_number", "rank", "individual_id", "score", "p_new", "reference_image",
           "reference_box_number"]  # fmt: skip
ROWS = [
    ("a.jpg", "1", "1", "A", "0.9", "0.1", "r.jpg", "1"),
    ("a.jpg", "2", "1", "B", "0.8", "0.1", "r.jpg", "2"),
    ("b.jpg", "1", "1", "A", "0.7", "0.1", "", ""),
]


def picture(_: str) -> np.ndarray:
    return np.full((30, 40, 3), 90, np.uint8)


def test_the_table_says_which_animals(tmp_path: Path) -> None:
    table = closest_first(pd.DataFrame(ROWS, columns=COLUMNS))
    assert table["image"].tolist() == ["a.jpg", "a.jpg#2", "b.jpg"]
    assert table["reference_image"].tolist() == ["r.jpg", "r.jpg#2", ""]
    numbers = {"box_number": [1, 2, 1], "reference_box_number": [1.0, 2.0, None]}
    as_numbers = pd.DataFrame(ROWS, columns=COLUMNS).assign(**numbers)
    assert closest_first(as_numbers)["reference_image"].tolist() == ["r.jpg", "r.jpg#2", ""]


def test_each_animal_has_a_block_that_shows_where_it_is(tmp_path: Path) -> None:
    asked = []

    def whole(key: str) -> np.ndarray:
        asked.append(key)
        return picture(key)

    boxes = {"a.jpg": "fin 0 0 9 9", "a.jpg#2": "fin 20 0 29 9"}
    content = ReportContent("Pod", [], picture, picture, Known(boxes=boxes), whole_picture=whole)
    settings = Report(queries=9, page_size=9, thumbnail=32, references=1)
    write_report(tmp_path, pd.DataFrame(ROWS, columns=COLUMNS), content, settings)
    assert sorted(asked) == ["a.jpg", "a.jpg#2"]  # b.jpg shows one animal
    for page in (tmp_path / "report.html", tmp_path / "report" / "index.html"):
        html = page.read_text("utf-8")
        names = re.findall(r"<h2><bdi>(.*?)</bdi></h2>", html)
        assert names == ["a.jpg, animal 1 of 2", "a.jpg, animal 2 of 2", "b.jpg"]
        found = [json.loads(unescape(x)) for x in re.findall(r'data-animals="(.*?)"', html)]
        assert found == [[["a.jpg", 1, "fin 0 0 9 9", ""]], [["a.jpg", 2, "fin 20 0 29 9", ""]],
                         [["b.jpg", 1, "", ""]]]  # fmt: skip
        assert html.count('class="whole"') == 2 and "r.jpg, animal 2" in html


def test_boxes_lie_where_they_are_and_one_stands_out() -> None:
    photograph = np.zeros((400, 800, 3), np.uint8)
    boxes = {1: Box(80, 80, 240, 320), 2: Box(480, 80, 720, 320)}
    drawn = number_boxes(
        photograph, 1600, boxes, 2, 400
    )  # given at half its size, shown at a quarter
    assert drawn.shape == (200, 400, 3)
    assert tuple(drawn[50, 20]) == OTHERS and tuple(drawn[50, 120]) == OUTLINE
    assert tuple(drawn[50, 179]) == OUTLINE and tuple(drawn[50, 150]) == (0, 0, 0)
    assert not photograph.any()
