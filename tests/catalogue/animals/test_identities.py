from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.animals.identities import (
    as_seen,
    check_identity,
    lookalike_of,
    lookalike_warnings,
    lookalikes,
    placeholder_warnings,
    spelled_out,
)
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.errors import InputError

TWINS = [
    "Luna",
    "luna",
    "Luna ",
    "\u200bLuna",
    "Lu\u00adna",
    "L\u00dcNA",
    "Lu\u0308na",
    "Lüna",
    "Lun",
]


@pytest.mark.parametrize("good", ["Old Tom", "09913", "?", "NA", "Zoë", "鯨", "a/b", " x", "#1"])
def test_nearly_any_text_is_an_id(good: str) -> None:
    check_identity(good)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("", "is empty"),
        (" \u00a0\u200b", "is empty"),
        ("a\nb", "line break or another control"),
        ("a\0", "control"),
        ("new_individual", "is not the id"),
        ("New_Individual ", "is not the id"),
    ],
)
def test_what_cannot_be_an_id_is_refused(bad: str, said: str) -> None:
    with pytest.raises(InputError, match=f"Line 3 of t.csv: .*{said}"):
        check_identity(bad, "Line 3 of t.csv")


def test_ids_that_look_the_same_are_told_with_their_code_points() -> None:
    assert lookalikes(TWINS) == [
        ("Luna", "Luna ", "Lu\u00adna", "luna", "\u200bLuna"),
        ("Lu\u0308na", "LÜNA", "Lüna"),
    ]
    first, second = lookalike_warnings(TWINS, "train.csv")
    assert first.startswith("train.csv: 'Luna' and 'Luna[U+0020]' and 'Lu[U+00AD]na' and 'luna'")
    assert "'Lu[U+0308]na' and 'L[U+00DC]NA' and 'L[U+00FC]na'" in second
    assert lookalike_of("LUNA", ["Luna", "Tom"]) == "Luna"
    assert lookalike_of("Luna", ["Luna", "Tom"]) is None


@given(st.text(max_size=12))
def test_what_is_spelled_out_shows_every_odd_letter(text: str) -> None:
    shown = spelled_out(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert as_seen(as_seen(text)) == as_seen(text)


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_ids_are_never_spelled_alike(one: str, other: str) -> None:
    plain = "[U+" not in one + other
    assert one == other or not plain or spelled_out(one) != spelled_out(other)


def test_words_for_nobody_are_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (said,) = placeholder_warnings(["unknown", "unknown", "?", "Tom", "Tom"], "train.csv")
    assert "'unknown' (2 images), '?' (1 image) each count as one animal" in said
    assert said.endswith("""data.unknown='["unknown", "?"]'.""")
    (said,) = placeholder_warnings(["Tom", "NA"], "train.csv")
    assert "'NA' (1 image) counts as one animal" in said
    assert placeholder_warnings(["Tom", "Tom"], "train.csv") == []
    file = tmp_path / "train.csv"
    file.write_text("image,individual_id\na,?\nb,?\nc,1\nd, \ne,UNKNOWN\n".replace(", ", ","))
    with pytest.raises(
        InputError, match=r"""Line 5 of .*: individual_id .* data\.unknown='\[""\]'"""
    ):
        read_catalogue(file)
    kept = read_catalogue(file, Reading(unknown=("?", "", "unknown")))
    assert kept["image"].tolist() == ["c"]
    assert "4 of 5 rows are left out by data.unknown" in capsys.readouterr().out
    with pytest.raises(InputError, match="leaves out every row"):
        read_catalogue(file, Reading(unknown=("?", "", "unknown", "1")))


@pytest.mark.parametrize("cell", ["#REF!", "#N/A", "#NAME?", "########", " #VALUE! "])
def test_an_error_of_a_spreadsheet_is_not_an_id(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "train.csv"
    path.write_text(f"image,individual_id\na.jpg,X\nb.jpg,{cell}\n")
    with pytest.raises(InputError, match=r"Line 3 of .*: individual_id '.+' is an error of"):
        read_catalogue(path)
    left = read_catalogue(path, Reading(unknown=(cell,)))
    assert list(left["individual_id"]) == ["X"]


def test_long_numbers_that_a_spreadsheet_shortened_are_told(tmp_path: Path, capsys) -> None:
    path = tmp_path / "train.csv"
    path.write_text("image,individual_id\na.jpg,1.23E+11\nb.jpg,1.23E+11\nc.jpg,1e10\n")
    assert list(read_catalogue(path)["individual_id"]) == ["1.23E+11", "1.23E+11", "1e10"]
    assert "'1.23E+11' looks like a long number" in capsys.readouterr().out
