from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.photo_facts import with_facts
from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.errors import InputError

PHOTOS = [Photo("a.jpg", Path("a.jpg")), Photo("b/c.jpg", Path("b/c.jpg"))]


def facts(folder: Path, text: str, reading: Reading = PLAIN) -> list[dict]:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return [photo.facts for photo in with_facts(PHOTOS, str(folder / "t.csv"), reading)]


def test_a_table_says_when_and_where(tmp_path: Path) -> None:
    text = "image,date,place,Qualität\nb/c.jpg,3.4.2021,Onsala,Q1\nelsewhere.jpg,,,\n"
    reading = Reading(columns={"quality": "Qualität"}, date_order="day_first")
    assert facts(tmp_path, text, reading) == [
        {}, {"date": "2021-04-03", "place": "Onsala", "quality": "Q1"}
    ]  # fmt: skip
    assert with_facts(PHOTOS, None) == PHOTOS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,date\na.jpg,3.4.2021\n", r"Line 2 .* two ways: set data\.date_order"),
        ("image,latitude\na.jpg,57\n", "Line 2 .* a latitude and no longitude"),
        ("image,encounter,viewpoint\na.jpg,e,left\n", "says nothing of when and where"),
        ("image,place\na.jpg,x\na.jpg,y\n", r"Line 3 .* lists a\.jpg again"),
        ("image,place\nz.jpg,x\n", "names none of the photographs"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        facts(tmp_path, text)
