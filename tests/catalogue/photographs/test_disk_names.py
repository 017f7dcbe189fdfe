from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.photographs.disk_names import names_on_disk
from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.errors import InputError

TABLE = Path("train.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ("001-0206/DSC_0001.JPG", "001-0206/DSC_0001.NEF", "Zo\u0308e.jpg", "a.jpg", "two.jpg",
             "two.png", "v1.2.jpg", "notes.txt", ".hidden.jpg")  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("a.jpg", "a.jpg"),
        ("./a.jpg", "./a.jpg"),
        ("a", "a.jpg"),
        ("a.jpg#2", "a.jpg#2"),
        ("a#2", "a.jpg#2"),
        ("001-0206\\DSC_0001", "001-0206/DSC_0001.JPG"),
        ("001-0206\\DSC_0001.JPG", "001-0206/DSC_0001.JPG"),
        ("001-0206/DSC_0001.NEF", "001-0206/DSC_0001.NEF"),
        ("Z\u00f6e.jpg", "Zo\u0308e.jpg"),
        ("Z\u00f6e", "Zo\u0308e.jpg"),
        ("v1.2", "v1.2.jpg"),
    ],
)
def test_a_picture_is_found_as_people_write_its_name(
    folder: Path, written: str, called: str
) -> None:
    assert names_on_disk([written, "a.jpg"], folder, TABLE) == [called, "a.jpg"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("two", r"Line 7 of train.csv: 'two' may be 'two\.jpg' or 'two\.png'"),
        (
            "A.jpg",
            r"Line 7 of .*'A\.jpg' differs by case from 'a\.jpg' in .*: write it as it is there",
        ),
        (
            "001-0206/dsc_0001",
            r"Line 7 of train.csv: .* differs by case from '001-0206/DSC_0001\.JPG'",
        ),
        (
            "b.jpg",
            r"Line 7 of train.csv lists 'b\.jpg', but .* no such file; its files .* like '0",
        ),
        ("a.png", r"Line 7 of train.csv lists 'a\.png', but"),
        ("notes", r"Line 7 of train.csv lists 'notes', but"),
        ("folder.jpg", r"Line 7 of train.csv lists 'folder\.jpg', but"),
    ],
)
def test_a_picture_that_is_not_clear_is_named_with_its_line(
    folder: Path, written: str, said: str
) -> None:
    with pytest.raises(InputError, match=f"^{said}"):
        names_on_disk(["a.jpg", written], folder, TABLE, [2, 7])


def test_what_is_not_there_is_counted_or_keeps_its_name(folder: Path) -> None:
    with pytest.raises(InputError, match=r"train\.csv lists 'b\.jpg' \(and 1 more\)"):
        names_on_disk(["b.jpg", "b.jpg#2", "a", "c"], folder, TABLE)
    kept = names_on_disk(["b.jpg", "a"], folder, TABLE, must_be_there=False)
    assert kept == ["b.jpg", "a.jpg"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.from_regex(r"[a-c]{1,2}(/[éa]{1,2})?\.(jpg|JPG|png|NEF)", fullmatch=True), unique=True
    ),
    st.data(),
)
def test_a_name_is_never_taken_for_another_picture(names: list[str], data: st.DataObject) -> None:
    if not names:
        return
    meant = data.draw(st.sampled_from(names))
    written = meant
    if data.draw(st.booleans()):
        written = written.rpartition(".")[0]
    if data.draw(st.booleans()):
        written = unicodedata.normalize("NFD", written)
    written = written.replace("/", data.draw(st.sampled_from("/\\")))
    try:
        found = KnownNames(names, "there").find(written, "line 2")
    except InputError as error:
        assert "may be" in str(error) or "case" in str(error)
        return
    if found is None:  # a name without an ending of something that is not a picture
        assert meant.endswith("NEF")
    else:
        assert found == meant or (meant.endswith("NEF") and "." not in written)


def test_the_listing_decides_where_a_disk_finds_a_file_in_any_case(folder: Path) -> None:
    """As exFAT's and a Mac's disks do: they are not asked for a file by its name."""
    with pytest.raises(InputError, match=r"'A\.JPG' differs by case from 'a\.jpg'"):
        names_on_disk(["A.JPG"], folder, TABLE)
    assert names_on_disk(["Z\u00f6e.jpg"], folder, TABLE) == ["Zo\u0308e.jpg"]


def test_pictures_behind_links_are_found_and_links_that_lead_back_are_not_followed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    card = tmp_path_factory.mktemp("card")
    (card / "deep").mkdir()
    (card / "deep" / "c.jpg").touch()
    (card / "deep" / "up").symlink_to(card)
    (folder / "card").symlink_to(card)
    (folder / "all").symlink_to(folder)
    assert names_on_disk(["card\\deep\\c", "a.jpg"], folder, TABLE) == ["card/deep/c.jpg", "a.jpg"]
    with pytest.raises(InputError, match=r"There is no folder .*gone with the photographs"):
        names_on_disk(["a.jpg"], folder / "gone", TABLE)


def test_a_link_that_leads_nowhere_is_not_a_picture(folder: Path) -> None:
    (folder / "gone.jpg").symlink_to(folder / "nothing")
    (folder / "round.jpg").symlink_to(folder / "round.jpg")
    for name in ("gone.jpg", "round.jpg"):
        with pytest.raises(InputError, match=f"'{name}', but .* has no such file"):
            names_on_disk(["a.jpg", name], folder, TABLE)
