"""What the pages of `identify` say of queries and individuals, by their columns."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tf_happywhale.config.report import Report
from tf_happywhale.inference.identify.identification import Identification
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.match_pages import write_match_pages

COLUMNS = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]


def embedded(folder: Path, images: dict[str, str], columns: dict[str, list[str]]) -> Embeddings:
    """Grey pictures; `images` has their individuals."""
    for image in images:
        cv2.imwrite(str(folder / image), np.full((20, 30, 3), 90, np.uint8))
    columns = {"picture": [str(folder / image) for image in images], **columns}
    return Embeddings(
        np.ones((len(images), 2), np.float32),
        np.array(list(images)),
        np.array(list(images.values())),
        columns={name: np.array(column, np.str_) for name, column in columns.items()},
    )


@pytest.fixture
def page(tmp_path: Path) -> str:
    """One photograph from the left side, and two individuals with three and one photographs."""
    known = embedded(
        tmp_path,
        {"r1.png": "ann", "r2.png": "ann", "r3.png": "ann", "r4.png": "bob"},
        {
            "viewpoint": ["left", "R", "left flank", ""],
            "date": ["2015-05-13 10:22:59", "2015-05-14", "", ""],
        },
    )
    queries = embedded(
        tmp_path, {"q.png": ""}, {"viewpoint": ["left"], "date": ["2016-06-03 16:31:31"]}
    )
    rows = [
        ("q.png", 1, "ann", 0.9, np.nan, "r1.png"),
        ("q.png", 2, "new_individual", 0.5, np.nan, ""),
        ("q.png", 3, "bob", 0.2, np.nan, "r4.png"),
    ]
    notes = ["It teaches where new_individual stands.", "Nobody has trained <anything>."]
    found = Identification(
        queries, known, pd.DataFrame(rows, columns=COLUMNS), {"q.png": []}, {}, {}, notes=notes
    )
    return write_match_pages(tmp_path / "trip", found, Report()).read_text("utf-8")


def test_a_card_says_when_and_which_side_and_how_many(page: str) -> None:
    cards = re.findall(r'<li class="candidate.*?</button></li>', page, re.S)
    details = [re.findall(r'<p class="detail">(?:<bdi>)?([^<]+)', card) for card in cards]
    assert details[0] == ["3 photographs, 2 of the left side", "2015-05-13 10:22, left"]
    assert details[1] == ["a new individual"]
    assert details[2] == ["1 photograph"]  # of an unknown side
    assert "<bdi>2016-06-03 16:31, left</bdi>" in page.split('<ol class="candidates">')[0]


def test_a_block_says_when_where_and_with_what_it_was_taken_and_compared(tmp_path: Path) -> None:
    facts = {
        "date": ["2016-06-03", "2016-06-04 09:00:01"],
        "time": ["16:31:31+02:00", "09:00:01"],
        "viewpoint": ["left", ""],
        "place": ["", "Onsala"],
        "latitude": ["57.691667", "57.1"],
        "longitude": ["-11.76", "11.2"],
        "camera": ["NIKON D5100", ""],
        "only": ["left only: 1 of 2 images", ""],
    }
    queries = embedded(tmp_path, {"q1.png": "", "q2.png": ""}, facts)
    known = embedded(tmp_path, {"r.png": "ann"}, {"place": ["Malö"]})
    rows = [(f"q{n}.png", 1, "ann", 0.9, np.nan, "r.png") for n in (1, 2)]
    found = Identification(
        queries, known, pd.DataFrame(rows, columns=COLUMNS), {"q1.png": [], "q2.png": []}, {}, {}
    )
    page = write_match_pages(tmp_path / "trip", found, Report()).read_text("utf-8")
    said = re.findall(r'<span class="detail"> <bdi>([^<]+)', page)
    first = "2016-06-03 16:31, left, 57.692 -11.760, NIKON D5100"
    compared = ". Compared with left only: 1 of 2 images"
    assert sorted(said) == [first + compared, "2016-06-04 09:00, Onsala"]
    assert '<p class="detail"><bdi>Malö</bdi>' in page


def test_notes_are_text_in_the_words_of_the_page(page: str) -> None:
    assert "<p>It teaches where “Nobody in the catalogue” stands.</p>" in page
    assert "<p>Nobody has trained &lt;anything&gt;.</p>" in page
    assert "likely to be a new individual" not in page  # P(new) is not known
