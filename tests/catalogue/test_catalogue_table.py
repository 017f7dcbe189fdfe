from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.catalogue_table import (
    read_answers,
    read_catalogue,
    read_sighted_catalogue,
)
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.errors import InputError

AWKWARD = ["09913", "1e10", "NA", "nan", "None", "null", "True", "0x1F", "1_000", "-0", "Zoë", "鯨"]


@pytest.fixture
def csv(tmp_path: Path):
    def write(text: str | bytes, name: str = "train.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return write


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_ids_and_names_survive_as_text(csv, end: str, mark: str) -> None:
    rows = [f"{identity}.jpg,{identity},{identity}" for identity in AWKWARD]
    table = read_catalogue(csv(mark + end.join(["image,species,individual_id", *rows, ""])))
    assert list(table.columns) == ["image", "species", "individual_id"]
    assert list(table["individual_id"]) == AWKWARD
    assert list(table["species"]) == AWKWARD
    assert list(table["image"]) == [f"{identity}.jpg" for identity in AWKWARD]
    assert {type(cell) for cell in table["individual_id"]} == {str}


def test_numbers_alone_keep_their_zeros(csv) -> None:
    table = read_catalogue(csv("image,individual_id\n1.jpg,007\n2.jpg,7\n3.jpg,7.0\n"))
    assert list(table["individual_id"]) == ["007", "7", "7.0"]


def test_other_columns_and_empty_cells_are_kept_as_text(csv) -> None:
    table = read_catalogue(
        csv("image,individual_id,encounter,date\na.jpg,1,007,2020-01-02\nb.jpg,1,,\n")
    )
    assert list(table["encounter"]) == ["007", ""]
    assert list(table["date"]) == ["2020-01-02", ""]


def test_a_name_with_a_comma_is_one_cell(csv) -> None:
    table = read_catalogue(csv('image,individual_id\n"a, b.jpg",1\n'))
    assert list(table["image"]) == ["a, b.jpg"]


def test_a_missing_species_column_is_empty_and_only_kaggles_own_rows_are_mended(csv) -> None:
    assert list(read_catalogue(csv("image,individual_id\na.jpg,1\n"))["species"]) == [""]
    kaggle, own = "00021adfb725ed.jpg,kiler_whale,cadddb1636b9", "a.jpg,kiler_whale,1"
    table = read_catalogue(csv(f"image,species,individual_id\n{kaggle}\n{own}\n"))
    assert list(table["species"]) == ["killer_whale", "kiler_whale"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,species\na.jpg,x\n", "lacks the column individual_id"),
        ("species,individual_id\nx,1\n", "lacks the column image"),
        ("name,id\na.jpg,1\n", "lacks the columns image, individual_id"),
        ("image,individual_id\n", "lists no image"),
        ("", "is empty: its first line must name the columns"),
        (b"image,individual_id\na.jpg,Zo\xeb\n", r"Line 2 of .*: .* 0xEB .*'a\.jpg,Zoë'.*=cp1252"),
        ("image,individual_id\na.jpg,1\nb.jpg,2,3\n", "Line 3 of .* has more cells than"),
        ("image,individual_id\na.jpg,1,x\nb.jpg,2,x\n", "Line 2 of .* has more cells than"),
        ("image,individual_id\na.jpg,1\nb.jpg\n", "Line 3 of .* has fewer cells than"),
        (
            "image,individual_id\na.jpg,1\nb.jpg,2\na.jpg,2\n",
            r"Line 4 of .* lists .*'a\.jpg' .*in line 2",
        ),
        ('image,individual_id\na.jpg,"1\n2"\n', r"Line 2 of .*: individual_id .*line break"),
        (
            "image,individual_id\n\na.jpg,1\n\nb.jpg,\n",
            r"Line 5 of .*individual_id ''.*data\.unknown",
        ),
        ("image,individual_id\na.jpg,\n", r"Line 2 of .*: individual_id ''"),
        ("image,individual_id\na.jpg,new_individual\n", "Line 2 of .*new_individual is not the id"),
        ("image,individual_id\n../a.jpg,1\n", r"'\.\./a\.jpg', which is not inside"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_refused(csv, text: str | bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_catalogue(csv(text))
    assert "train.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_photograph_may_be_listed_once_for_each_of_its_animals(csv) -> None:
    table = read_catalogue(csv("image,individual_id,box_number\na.jpg,1,\na.jpg,2,2\nb.jpg,2,1\n"))
    assert list(table["image"]) == ["a.jpg", "a.jpg#2", "b.jpg"]
    assert list(table.columns) == ["image", "individual_id", "species"]
    with pytest.raises(InputError, match=r"lists the image 'a\.jpg' twice with box number 2"):
        read_catalogue(csv("image,individual_id,box_number\na.jpg,1,2\na.jpg,2,2\n"))
    with pytest.raises(InputError, match=r"^Line 3 of .*train\.csv: the box_number 'left' is not"):
        read_catalogue(csv("image,individual_id,box_number\na.jpg,1,1\na.jpg,2,left\n"))


def test_answers_keep_ids_and_may_be_new(csv) -> None:
    path = csv("image,individual_id\na.jpg,007\nb.jpg,new_individual\n", "answers.csv")
    assert read_answers(path) == {"a.jpg": "007", "b.jpg": "new_individual"}


def test_an_answer_given_twice_is_refused(csv) -> None:
    with pytest.raises(InputError, match="twice"):
        read_answers(csv("image,individual_id\na.jpg,1\na.jpg,2\n", "answers.csv"))


def test_a_name_with_a_colon_is_told_to_be_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("image,individual_id\n2015-06-02 12:30.jpg,X\n")
    with pytest.raises(InputError, match=r"Line 2 of .* holds a colon"):
        read_catalogue(path)


ODD = "image,individual_id,date,time,latitude\na.jpg,1,3/4/2021,evening,57\nb.jpg,2,31/2/2021,,\n"


def test_dates_times_and_places_count_only_where_they_are_used(csv) -> None:
    table = read_catalogue(csv(ODD))
    assert list(table["date"]) == ["3/4/2021", "31/2/2021"]
    assert list(table["time"]) == ["evening", ""]
    with pytest.raises(InputError, match=r"Line 2 of .* has the time 'evening'"):
        read_sighted_catalogue(csv(ODD))
    dates = csv("image,individual_id,date\na.jpg,1,3/4/2021\nb.jpg,2,31/2/2021\n")
    assert list(read_sighted_catalogue(dates)["date"]) == ["3/4/2021", "31/2/2021"]
    with pytest.raises(InputError, match=r"Line 3 of .* has the date '31/2/2021'"):
        read_sighted_catalogue(dates, days=True)
    with pytest.raises(InputError, match=r"Line 3 of .* has the date '31/2/2021'"):
        read_catalogue(dates, Reading(date_order="day_first"))
