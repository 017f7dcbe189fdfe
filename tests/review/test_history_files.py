"""The folder of `history`: its files, its page, and what an earlier call left."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.retrieval.conftest import embed
from tests.sightings.formats.test_files import ODD, drawn
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import make_gallery
from tf_happywhale.retrieval.ensemble.trained_on import NOTHING
from tf_happywhale.review.history_files import missed_share, write_history
from tf_happywhale.sightings.history_texts import GROUPS, SECR


def write(folder: Path, table: pd.DataFrame, *overrides: str) -> Path:
    table.to_csv(folder / "table.csv", index=False)
    settings = load_experiment(None, [f"output={folder / 'out'}", *overrides])
    write_history(folder / "table.csv", settings)
    return folder / "out" / "history"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs) -> None:
        self.names.append(tag)


def test_the_page_shows_everything_and_names_cannot_break_it(tmp_path, capsys) -> None:
    ids = [*(name for name in ODD if "\n" not in name), "<script>alert(1)</script>", "</svg>"]
    folder = write(tmp_path, drawn(ids, viewpoint="left"), "history.session=year")
    page = (folder / "index.html").read_text(encoding="utf-8")
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 5  # growth, frequencies, calendar, map, network
    for one in drawings:
        ET.fromstring(one)  # whole, with everything escaped
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.names
    assert "http" not in page.replace("http-equiv", "")
    for name in re.findall(r'href="([^"#]+)"', page):
        assert (folder / name).is_file()
    said = capsys.readouterr().out
    assert f"look at {folder / 'index.html'}" in said


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    folder = write(tmp_path, drawn(["a", "b", "c"]))
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    write(tmp_path, drawn(["a", "b", "c"]).iloc[::-1])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_what_is_out_of_date_goes_and_what_is_of_others_stays(tmp_path: Path) -> None:
    folder = write(tmp_path, drawn(["a", "b", "c"]))
    (folder / "capture_history.DBF").write_text("MARK's results")
    nowhere = drawn(["a", "b", "c"]).assign(place="", latitude="", longitude="", encounter="")
    write(tmp_path, nowhere)
    there = {path.name for path in folder.iterdir()}
    assert not there & {*SECR, *GROUPS, "residence.csv", "associations.csv"}
    assert "capture_history.DBF" in there
    assert "There is no map" in (folder / "index.html").read_text()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out" / "history").mkdir(parents=True)
    (tmp_path / "out" / "history" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files that are not of `history`"):
        write(tmp_path, drawn(["a", "b"]))


def test_two_thousand_individuals_stay_readable(tmp_path: Path) -> None:
    table = drawn([f"{n:05d}" for n in range(2000)])
    table["encounter"] = table["date"] + " " + table["individual_id"].str[:4]
    folder = write(tmp_path, table)
    page = (folder / "index.html").read_text()
    assert "the other 1,920 are in the table" in page
    assert "the 60 of 2,000 individuals with the most company" in page
    assert len(page) < 1_000_000


def test_a_gallery_says_what_a_person_misses(tmp_path: Path) -> None:
    degrees = [0, 1, 90, 91, 180, 181, 270, 40]
    ids = ["a", "a", "b", "b", "c", "c", "d", "d"]
    about = {"model": "m", "trained_on": NOTHING}
    images = embed(degrees, [f"{n}.jpg" for n in range(8)], ids, about)
    images.columns["date"] = np.array([f"2021-{n + 1:02d}-01" for n in range(8)])
    make_gallery(tmp_path / "g", images)
    settings = load_experiment(None, ["history.looked=1"])
    found = missed_share(tmp_path / "g", settings)
    assert 0.2 <= found.share <= 0.3  # both images of d are missed, two of eight
    assert found.low < found.share < found.high
    given = missed_share(tmp_path / "g", load_experiment(None, ["history.missed=0.2"]))
    assert (given.low, given.share, given.high) == (0.2, 0.2, 0.2)
    assert missed_share(tmp_path / "table.csv", settings) is None
