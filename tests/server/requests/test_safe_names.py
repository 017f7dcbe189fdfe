"""Names of uploads: nothing lies outside, names stay recognisable, and differ if they differed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.server.requests.safe_names import LONGEST, safe_name

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
PATHS = st.lists(st.sampled_from(["..", ".", "", "a", "C:", "IMG_1", "~", "ä"]), max_size=6)


@given(st.one_of(ANY, PATHS.map("/".join), PATHS.map("\\".join)))
@example("../../../etc/passwd")
@example("\x00.jpg")
@example("a" * 500 + ".jpeg")
@example("-rf")
def test_a_name_is_one_visible_file_of_its_folder(given_name: str) -> None:
    name = safe_name(given_name, ".jpg")
    folder = Path("/home/photographs")
    assert (folder / name).resolve().parent == folder
    assert 0 < len(name.encode()) <= LONGEST
    assert not re.search(r'[/\\<>:"|?*#%\x00-\x1f]', name)
    assert not name.startswith((".", "-", " ")) and not name.endswith((".", " "))
    assert name.isprintable() and split_key(name) == (name, 1)
    assert safe_name(name, ".jpg") == name


@given(st.text("AIMGx019_äöü -", max_size=20), st.sampled_from([".jpg", ".JPG", ".png"]))
def test_an_ordinary_name_stays(stem: str, ending: str) -> None:
    name = f"I{stem}0{ending}"
    assert safe_name(name, ".jpg") == name


@given(ANY)
def test_letters_and_digits_stay_in_order(given_name: str) -> None:
    name = safe_name(given_name)
    kept = [sign for sign in given_name if sign.isascii() and sign.isalnum()]
    rest = iter(name)
    assert all(sign in rest for sign in kept) or len(given_name.encode()) > LONGEST - 20


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("day 1/IMG_1.JPG", "day 1_IMG_1.JPG"),
        ("..\\..\\x.jpg", "x.jpg"),
        ("", "photograph.jpg"),
        ("picture", "picture.jpg"),
        ("page.html", "page.html.jpg"),
        ("NUL.jpg", "_NUL.jpg"),
        ("IMG_1.jpg#2", "IMG_1.jpg_2.jpg"),
    ],
)
def test_names(given_name: str, name: str) -> None:
    assert safe_name(given_name, ".jpg") == name


def test_long_names_that_differ_stay_different() -> None:
    names = {safe_name("a" * 300 + end, ".jpg") for end in ("1.jpg", "2.jpg", "3.jpg")}
    assert len(names) == 3
