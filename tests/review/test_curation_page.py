from __future__ import annotations

import re
import shlex
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.curation import Pair, flat_map, suspected_duplicates, suspected_errors
from tf_happywhale.review.curation_page import Curation, map_svg, write_curation

HOSTILE = '<img/src=x>"&'


def images():
    made = embed([0, 5, 84, 80, 90], [f"{HOSTILE}{n}.jpg" for n in range(5)], list("aaabb"))
    return replace(made, columns={"species": np.array(["minke_whale", HOSTILE, "", "", ""])})


def picture(image: str) -> np.ndarray:
    if image.endswith("3.jpg"):
        raise InputError("It is gone.")
    return np.full((30, 40, 3), 90, np.uint8)


def write(folder: Path, name: str = "whales") -> str:
    gallery = images()
    curation = Curation(
        gallery,
        name,
        flat_map(gallery.embedding),
        suspected_duplicates(gallery, 5),
        suspected_errors(gallery, 5),
    )
    page = write_curation(folder, curation, picture, 32)
    return page.read_text(encoding="utf-8")


def test_both_lists_and_the_map_are_on_the_page(tmp_path: Path) -> None:
    html = write(tmp_path / "curation")
    nearer = [one for one in suspected_errors(images(), 5) if one.doubt > 0]
    assert 0 < len(nearer) < 5
    assert html.count('class="pair"') == 1 + len(nearer)  # the others are nearer to their own
    assert "gallery merge whales b a" in html
    assert html.count("<circle") == 5 and "minke whale" in html
    linked = set(re.findall(r'src="(thumbnails/[^"]*)"', html))
    assert linked and all((tmp_path / "curation" / name).is_file() for name in linked)
    assert "It is gone." in html


def test_names_are_text_and_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    html = write(tmp_path / "curation")
    assert HOSTILE not in html and "&lt;img/src=x&gt;&quot;&amp;" in html
    assert "default-src &#x27;none&#x27;" in html and "<script" not in html


def test_commands_are_words_whatever_the_names(tmp_path: Path) -> None:
    html = unescape(write(tmp_path / "curation", name="my $(whales)"))
    commands = [shlex.split(line) for line in re.findall(r"<code.*?>(.*?)</code>", html)]
    assert commands and all(words[4] == "my $(whales)" for words in commands)
    assert {len(words) for words in commands if words[3] == "move"} == {7}


def test_a_new_page_replaces_the_old_one(tmp_path: Path) -> None:
    write(tmp_path / "curation")
    (tmp_path / "curation" / "thumbnails" / "old.jpg").touch()
    write(tmp_path / "curation")
    assert not (tmp_path / "curation" / "thumbnails" / "old.jpg").exists()
    assert sorted(file.name for file in (tmp_path / "curation").iterdir()) == [
        ".tf_happywhale", "index.html", "thumbnails",
    ]  # fmt: skip


def test_a_large_gallery_is_thinned_on_the_map(monkeypatch) -> None:
    monkeypatch.setattr("tf_happywhale.review.curation_page.MOST", 2)
    gallery = images()
    assert map_svg(gallery, flat_map(gallery.embedding)).count("<circle") == 2


def test_what_a_curator_keeps_beside_the_page_stays(tmp_path: Path) -> None:
    gallery, folder = images(), tmp_path / "curation"
    curation = Curation(gallery, "whales", flat_map(gallery.embedding), [], [])
    for _ in range(2):
        write_curation(folder, curation, picture, 32)
        (folder / "checked.csv").write_text("mine")
        (folder / "errors.csv").write_text("of the page before")
    write_curation(folder, curation, picture, 32)
    assert (folder / "checked.csv").read_text() == "mine"
    assert not (folder / "errors.csv").exists()


def test_an_untaught_model_lists_no_errors_and_says_so(tmp_path: Path) -> None:
    gallery = images()
    pair = Pair(("a", "b"), (str(gallery.image[0]), str(gallery.image[4])), 23.0)
    flat = flat_map(gallery.embedding)
    curation = Curation(gallery, "whales", flat, [pair], [], untaught=True)
    html = write_curation(tmp_path / "curation", curation, picture, 32).read_text("utf-8")
    assert "23 matching points fit together." in html and "gallery merge whales b a" in html
    assert "Nobody has taught the model" in html and "The wrong animal?" not in html
    assert html.count('class="pair"') == 1 and html.count("<circle") == 5
