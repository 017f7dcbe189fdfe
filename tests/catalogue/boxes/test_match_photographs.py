from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes import match_photographs
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.match_photographs import (
    Matched,
    match_rows,
    rows_of_photographs,
)
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.errors import InputError

HOME = Path("/season")


def rows(*names: str, stem: bool = False) -> list[BoxRow]:
    box = Box(1, 2, 30, 40)
    return [BoxRow(n, "", box, 0, stem=stem, where=f"line {k}") for k, n in enumerate(names, 2)]


def photographs(*names: str, home: Path = HOME) -> dict[str, Path]:
    return {name: home / name for name in names}


def matched(names: list[str], there: dict[str, Path], *folders: Path) -> list[str]:
    return [row.image for row in match_rows(rows(*names), there, folders).rows]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("trip/a.jpg", "trip/a.jpg"),
        ("trip\\a.jpg", "trip/a.jpg"),
        ("./trip/a.jpg", "trip/a.jpg"),
        ("trip/a", "trip/a.jpg"),
        ("a.jpg", "trip/a.jpg"),
        ("a", "trip/a.jpg"),
        ("season/trip/a.jpg", "trip/a.jpg"),
        ("/season/trip/a.jpg", "trip/a.jpg"),
        ("D:\\2024\\trip\\a.jpg", "trip/a.jpg"),
        (unicodedata.normalize("NFD", "café.jpg"), unicodedata.normalize("NFC", "café.jpg")),
        ("b.v2", "b.v2.jpg"),
    ],
)
def test_a_name_finds_its_photograph(written: str, name: str) -> None:
    there = photographs(name, "trip/another.jpg", "c/d.jpg")
    assert matched([written], there) == [name]


@pytest.mark.parametrize(
    "written",
    ["other/a.jpg", "trip/a.png", "b.jpg", "trip/sub/a.jpg", "/x/y/a.jpg", "", "1,5", "ip/a.jpg"],
)
def test_another_name_does_not(written: str) -> None:
    with pytest.raises(InputError, match=r"names none of the photographs.*called 'trip/a\.jpg'"):
        rows_of_photographs(rows(written), photographs("trip/a.jpg"), Path("boxes.csv"))


@pytest.mark.parametrize("written", ["trip/A.jpg", "Trip/a.jpg", "a.JPG", "A"])
def test_a_name_that_differs_by_capital_letters_is_quoted_as_the_file_is_called(
    written: str,
) -> None:
    with pytest.raises(InputError, match=r"line 2: .*differs from the photograph 'trip/a\.jpg'"):
        match_rows(rows(written), photographs("trip/a.jpg"), [])


@pytest.mark.parametrize("written", ["a.jpg", "a"])
def test_a_name_that_may_be_two_photographs_is_refused(written: str) -> None:
    with pytest.raises(InputError, match=r"may be mon/a\.jpg or tue/a\.jpg"):
        match_rows(rows(written), photographs("mon/a.jpg", "tue/a.jpg"), [])
    with pytest.raises(InputError, match=r"may be b\.jpg or b\.png"):
        match_rows(rows("b", stem=True), photographs("b.jpg", "b.png"), [])


def rival(name: str, *others: str) -> BoxRow:
    return rows(name)[0]._replace(rivals=others)


def test_two_columns_that_name_two_photographs_are_not_guessed() -> None:
    there = photographs("a.jpg", "trip/b.jpg", "1.jpg")
    for other in ("b.jpg", "trip/b.jpg", "/season/trip/b.jpg", "1.jpg"):
        with pytest.raises(InputError, match=r"line 2 names a.jpg in one column and .* in another"):
            match_rows([rival("a.jpg", "x.jpg", other)], there, [])


@pytest.mark.parametrize("other", ["", "1", "crop_a.jpg", "/season/a.jpg", "./a.jpg", "a", "b.txt"])
def test_another_column_that_names_no_other_photograph_says_nothing(other: str) -> None:
    there = photographs("a.jpg", "trip/b.jpg", "1.jpg")
    assert [row.image for row in match_rows([rival("a.jpg", other)], there, []).rows] == ["a.jpg"]


def test_the_names_of_a_tables_other_columns_are_read(tmp_path: Path) -> None:
    table = tmp_path / "boxes.csv"
    head, cells = "image,filename,image_id,xmin,ymin,xmax,ymax", "1,2,30,40"
    table.write_text(f"{head}\na.jpg,b.jpg,7,{cells}\nb.jpg,b.jpg,8,{cells}\n")
    assert [row.rivals for row in read_box_rows(table)] == [("b.jpg", "7"), ("8",)]
    with pytest.raises(InputError, match=r"Line 2 of .*boxes\.csv names a.jpg in one column and b"):
        match_rows(read_box_rows(table), photographs("a.jpg", "b.jpg"), [])


def test_a_picture_of_another_folder_is_not_taken_for_one_of_the_same_name(tmp_path: Path) -> None:
    for name in ("a.jpg", "sub/a.jpg", "train/b.jpg", "new/b.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    there = photographs("sub/a.jpg", home=tmp_path)
    found = match_rows(rows("a.jpg"), there, [tmp_path])
    assert (found.rows, [row.image for row in found.others]) == ([], ["a.jpg"])
    there = {"b.jpg": tmp_path / "new" / "b.jpg"}
    found = match_rows(rows("train/b.jpg", "new/b.jpg", "gone/b.jpg"), there, [tmp_path])
    assert [row.image for row in found.rows] == ["b.jpg"]
    assert [row.image for row in found.others] == ["train/b.jpg"]
    assert [row.image for row in found.unknown] == ["gone/b.jpg"]


def test_names_of_label_studio_are_told_to_lose_what_it_put_in_front() -> None:
    there = photographs("IMG_1.jpg")
    with pytest.raises(InputError, match=r"Label Studio puts eight characters .*: remove them"):
        rows_of_photographs(rows("images/3f2a1b9c-IMG_1.jpg"), there, Path("result.json"))
    assert matched(["images/IMG_1.jpg"], {"IMG_1.jpg": Path("/x/images/IMG_1.jpg")}) == [
        "IMG_1.jpg"
    ]


def test_two_places_that_photographs_may_have_come_from_are_not_guessed() -> None:
    there = photographs("trip/a.jpg", "trip/b.jpg")
    assert matched(["/x/trip/a.jpg", "/x/trip/b.jpg"], there) == ["trip/a.jpg", "trip/b.jpg"]
    assert matched(["/x/trip/a.jpg", "/y/trip/b.jpg"], there) == []


def test_rows_of_no_photograph_are_counted_once(capsys) -> None:
    for _ in range(2):
        kept = rows_of_photographs(
            rows("a.jpg", "gone.jpg", "lost.jpg"), photographs("a.jpg"), Path("/x/t.csv")
        )
        assert [row.image for row in kept] == ["a.jpg"]
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("2 of 3 rows of /x/t.csv name no photograph, such as 'gone.jpg'")


NAMES = st.lists(
    st.sampled_from(["a", "b", "A", "é", "IMG 1"]), min_size=1, max_size=3, unique=True
)


@given(folders=NAMES, files=NAMES, front=st.sampled_from(["", "x/", "/y/z/"]), cut=st.booleans())
def test_whatever_is_matched_is_the_photograph_itself(folders, files, front, cut) -> None:
    """Names with other folders in front or without their ending: the true photograph or none."""
    true = [f"{folder}/{file}.jpg" for folder in folders for file in files]
    written = [front + (name[:-4] if cut else name) for name in true]
    try:
        found = match_rows(rows(*written), photographs(*true), [])
    except InputError:
        return
    assert [row.image for row in found.rows] in ([], true)
    if not front:
        assert [row.image for row in found.rows] == true


@pytest.mark.parametrize("name", ["x" * 5000, "a\0.jpg"])
def test_a_name_that_no_file_can_have_is_of_no_photograph(tmp_path: Path, name: str) -> None:
    (tmp_path / "trip").mkdir()
    rows = [BoxRow(name, "", None, 0.0)]
    with pytest.raises(InputError, match="names none of the photographs") as caught:
        rows_of_photographs(rows, {"b.jpg": tmp_path / "b.jpg"}, tmp_path / "boxes.csv")
    assert len(str(caught.value)) < 500


NAMES = st.sampled_from(
    ("a.jpg", "b.jpg", "a.jpg.png", "a", "A.jpg", " a.jpg", "x/a.jpg", "a.txt", "é.jpg", "a.jpg#2")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.lists(NAMES, max_size=4), st.data())
def test_plain_names_are_matched_as_by_the_rules(
    known: list[str], images: list[str], data: st.DataObject
) -> None:
    table = [BoxRow(image, stem=data.draw(st.booleans())) for image in images]
    paths = photographs(*known)

    def matched() -> Matched | str:
        try:
            return match_rows(table, paths, [])
        except InputError as error:
            return str(error)

    quick = matched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match_photographs, "_all_by_name", lambda *_: False)
        assert matched() == quick
