from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.tables.dates_and_sides import (
    iso_date,
    side_of,
    viewpoint_as_in,
    viewpoint_sides,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("02-Jun-15", "2015-06-02"),
        ("2 June 2015", "2015-06-02"),
        ("2. Jun. 2015 09:05", "2015-06-02 09:05"),
        ("Sept 3, 1998", "1998-09-03"),
        ("3/SEP/98", "1998-09-03"),
        ("02/06/15", "02/06/15"),
        ("02.06.2015", "02.06.2015"),
        ("2015-06-02", "2015-06-02"),
        ("31-Feb-15", "31-Feb-15"),
        ("02-Jun-45", "02-Jun-45"),
        ("02-Juno-15", "02-Juno-15"),
        ("02-Jun-15 or so", "02-Jun-15 or so"),
        ("", ""),
    ],
)
def test_a_date_with_a_word_for_the_month_becomes_iso_and_no_other(
    written: str, meant: str
) -> None:
    assert iso_date(written) == meant


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2029, 12, 31)))
def test_each_day_is_read_as_that_day(day: datetime.date) -> None:
    for form in ("%d-%b-%y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y"):
        assert iso_date(day.strftime(form)) == day.isoformat()


@given(st.text(max_size=20))
def test_other_text_stays(text: str) -> None:
    assert iso_date(text) == text or iso_date(text)[:4].isdecimal()


def test_letters_are_sides_where_they_can_mean_nothing_else() -> None:
    assert viewpoint_sides(["R", "L", "", "r"]) == ["right", "left", "", "right"]
    assert viewpoint_sides(["R", "L", "D"]) == ["R", "L", "D"]
    assert viewpoint_sides(["Left", "R"]) == ["Left", "right"]
    assert viewpoint_sides(["dorsal", "R", "l"]) == ["dorsal", "right", "left"]
    assert viewpoint_sides(["front", "R"]) == ["front", "R"]  # it may be the rear


@pytest.mark.parametrize(
    ("viewpoint", "side"),
    [
        ("left", "left"),
        (" Right flank ", "right"),
        ("left dorsal fin", "left"),
        ("dorsal", "dorsal"),
        ("left and right", ""),
        ("front, back", ""),
        ("leftover", ""),
        ("R", ""),
        ("", ""),
    ],
)
def test_a_viewpoint_names_one_side_or_none(viewpoint: str, side: str) -> None:
    assert side_of(viewpoint) == side


@given(st.text(max_size=20))
def test_the_side_of_any_text_is_one_of_its_words(text: str) -> None:
    assert side_of(text) == "" or side_of(text) in text.casefold()


@given(
    st.lists(st.sampled_from(["R", "L", "r", "l", "", "left", "Right", "dorsal", "7", "D"])),
    st.sampled_from(["left", "right"]),
)
def test_a_new_row_is_read_as_the_side_that_it_was_written_for(
    column: list[str], side: str
) -> None:
    before = viewpoint_sides(column)
    after = viewpoint_sides([*column, viewpoint_as_in(column, side)])
    assert after == [*before, side]
