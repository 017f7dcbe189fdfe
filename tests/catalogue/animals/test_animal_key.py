from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.animals.animal_key import (
    animal_key,
    animal_words,
    box_number_of,
    count_animals,
    key_columns,
    keys_from_columns,
    split_key,
)
from tf_happywhale.errors import InputError

PICTURES = st.text(min_size=1, max_size=20).map(lambda name: f"{name}.jpg")


@settings(deadline=None)
@given(PICTURES, st.integers(1, 10**6 - 1))
def test_a_key_says_the_photograph_and_the_number(image: str, number: int) -> None:
    assert split_key(animal_key(image, number)) == (image, number)


@settings(deadline=None)
@given(st.lists(st.tuples(PICTURES, st.integers(1, 30)), max_size=8))
def test_what_two_columns_say_is_the_same_keys_again(animals: list[tuple[str, int]]) -> None:
    keys = [animal_key(*animal) for animal in animals]
    columns = key_columns(keys)
    assert keys_from_columns(columns["image"], columns["box_number"], "t.csv") == keys


def test_the_first_animal_goes_by_the_photographs_name() -> None:
    assert animal_key("a.jpg") == "a.jpg" and split_key("a.jpg") == ("a.jpg", 1)
    assert animal_key("a.jpg", 2) == "a.jpg#2"


@pytest.mark.parametrize("name", ["a#2.jpg", "trip#2/a.jpg", "a.jpg#1", "a.jpg#0", "#2", "a.jpg#"])
def test_a_name_with_a_hash_is_a_name(name: str) -> None:
    assert split_key(name) == (name, 1)


def test_a_person_reads_which_animal_of_how_many() -> None:
    counts = count_animals(["a.jpg", "a.jpg#2", "a.jpg#3", "b.jpg"])
    assert animal_words("a.jpg#2", counts) == "a.jpg, animal 2 of 3"
    assert animal_words("a.jpg", counts) == "a.jpg, animal 1 of 3"
    assert animal_words("b.jpg", counts) == "b.jpg"
    assert animal_words("c.jpg#4", {}) == "c.jpg, animal 4"


def test_a_number_is_a_whole_one_from_1_on_and_1_where_the_cell_is_empty() -> None:
    assert [box_number_of(cell, "") for cell in ("", " ", "1", " 2 ", "12", "3.0")] == [
        1,
        1,
        1,
        2,
        12,
        3,
    ]
    for cell in ("0", "-1", "1.5", "two", "²", "9999999"):
        with pytest.raises(
            InputError, match=r"^Line 3 of t\.csv: the box_number .* is not a whole"
        ):
            box_number_of(cell, "Line 3 of t.csv")


def test_an_empty_image_stays_empty() -> None:
    assert key_columns(["", "a.jpg#2"], "reference_") == {
        "reference_image": ["", "a.jpg"],
        "reference_box_number": ["", "2"],
    }
    assert keys_from_columns(["", "a.jpg"], ["", "2"], "t.csv") == ["", "a.jpg#2"]
    assert keys_from_columns(["a.jpg"], None, "t.csv") == ["a.jpg"]
