from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.photo_viewpoints import with_viewpoints
from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.errors import InputError


def sides(photos: list[Photo], by: str | None) -> list[str]:
    return [photo.viewpoint for photo in with_viewpoints(photos, by)]


def photos_in(*folders: str) -> list[Photo]:
    return [Photo(f"{n}.jpg", Path(folder) / f"{n}.jpg") for n, folder in enumerate(folders)]


def test_nothing_is_known_unless_it_is_said() -> None:
    assert sides(photos_in("left", "right"), None) == ["", ""]


def test_the_last_folder_is_the_side_if_its_name_is_one() -> None:
    photos = photos_in("trip/left", "trip/Right ", "left/monday", "trip/left bay", "trip/dorsal")
    assert sides(photos, "folders") == ["left", "right", "", "", "dorsal"]


def test_letters_are_sides_if_no_folder_has_another_name() -> None:
    assert sides(photos_in("trip/L", "trip/r"), "folders") == ["left", "right"]
    assert sides(photos_in("trip/L", "trip/R", "trip/left"), "folders") == ["left", "right", "left"]
    assert sides(photos_in("trip/L", "trip/S", "trip/left"), "folders") == ["", "", "left"]


def test_folders_without_a_side_are_one_sentence() -> None:
    with pytest.raises(
        InputError, match=r"no photograph lies in a folder named for a side: 0\.jpg"
    ):
        with_viewpoints(photos_in("trip/monday", "trip"), "folders")


@pytest.mark.parametrize(("word", "side"), [("left", "left"), ("R", "right"), ("Dorsal", "dorsal")])
def test_one_side_is_that_of_all(word: str, side: str) -> None:
    assert sides(photos_in("x", "left"), word) == [side, side]


def test_a_table_names_sides_as_a_catalogue_does(tmp_path: Path) -> None:
    table = tmp_path / "sides.csv"
    table.write_text("image,viewpoint\n0.jpg,R\n2,L\nother.jpg,R\n", encoding="utf-8")
    assert sides(photos_in("x", "x", "x"), str(table)) == ["right", "", "left"]
    table.write_text("image,viewpoint\n0.jpg,left flank\n1.jpg,\n", encoding="utf-8")
    assert sides(photos_in("x", "x"), str(table)) == ["left flank", ""]


def test_a_table_that_cannot_be_meant_is_one_sentence(tmp_path: Path) -> None:
    table = tmp_path / "sides.csv"
    table.write_text("image,viewpoint\n0.jpg,left\n0.jpg,right\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 3 of .* gives 0\.jpg the viewpoint 'right'"):
        with_viewpoints(photos_in("x"), str(table))
    table.write_text("image,viewpoint\nother.jpg,left\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"write names like '0\.jpg'"):
        with_viewpoints(photos_in("x"), str(table))
    with pytest.raises(InputError, match=r"neither a side \(left, right, .* nor the file"):
        with_viewpoints(photos_in("x"), "lft")
