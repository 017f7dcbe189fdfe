from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.photos import Photo, find_photos, group_photos
from tf_happywhale.errors import InputError


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_one_folder_names_its_photographs_from_below_it(tmp_path: Path) -> None:
    touch(tmp_path / "sea" / "one" / "IMG_1.JPG", tmp_path / "sea" / "b.png", tmp_path / "n.txt")
    names = [photo.image for photo in find_photos([tmp_path / "sea"])]
    assert names == ["b.png", "one/IMG_1.JPG"]


def test_same_names_in_two_folders_stay_apart_and_the_same_file_counts_once(tmp_path: Path) -> None:
    first, second = tmp_path / "mon" / "a.jpg", tmp_path / "tue" / "a.jpg"
    touch(first, second)
    photos = find_photos([first, tmp_path / "tue", tmp_path / "mon"])
    assert [(photo.image, photo.path) for photo in photos] == [
        ("mon/a.jpg", tmp_path / "mon" / "a.jpg"),
        ("tue/a.jpg", second),
    ]
    assert [photo.image for photo in find_photos([first])] == ["a.jpg"]


def test_what_is_no_photograph_is_one_sentence(tmp_path: Path) -> None:
    touch(tmp_path / "notes.txt")
    (tmp_path / "empty").mkdir()
    for given, sentence in (
        ("gone", "There is no photograph or folder"),
        ("notes.txt", "is not a photograph: pictures end in"),
        ("empty", "There is no photograph to identify"),
    ):
        with pytest.raises(InputError, match=sentence):
            find_photos([tmp_path / given])


def test_encounters_are_folders_or_a_table(tmp_path: Path) -> None:
    photos = [Photo(name, Path(name)) for name in ("a.jpg", "x/b.jpg", "x/c.jpg", "x/y/d.jpg")]
    assert [photo.encounter for photo in group_photos(photos, None)] == ["", "", "", ""]
    assert [photo.encounter for photo in group_photos(photos, "folders")] == ["", "x", "x", "x/y"]
    table = tmp_path / "table.csv"
    table.write_text("image,encounter\na.jpg,007\nx/c.jpg,007\nother.jpg,8\n", encoding="utf-8")
    assert [photo.encounter for photo in group_photos(photos, str(table))] == ["007", "", "007", ""]
    table.write_text("image,encounter\nother.jpg,8\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"write names like 'a\.jpg'"):
        group_photos(photos, str(table))


def test_encounters_that_look_the_same_are_told(tmp_path: Path, capsys) -> None:
    photos = [Photo(name, Path(name)) for name in ("a.jpg", "b.jpg", "c.jpg")]
    table = tmp_path / "table.csv"
    table.write_text("image,encounter\na.jpg,E1\nb.jpg,e1 \nc.jpg,E2\n", encoding="utf-8")
    assert [one.encounter for one in group_photos(photos, str(table))] == ["E1", "e1 ", "E2"]
    said = capsys.readouterr().out
    assert (
        "table.csv: 'E1' and 'e1[U+0020]' look the same but count as different encounters" in said
    )
