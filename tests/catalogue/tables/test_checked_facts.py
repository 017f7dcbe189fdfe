from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.tables.checked_facts import check_facts
from tf_happywhale.catalogue.tables.clock_times import iso_clock, iso_offset
from tf_happywhale.catalogue.tables.coordinates import checked_coordinate
from tf_happywhale.errors import InputError

NAME = "Line 2 of t.csv"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10:22", "10:22"),
        (" 9:05:07 ", "09:05:07"),
        ("10:22:59.250", "10:22:59"),
        ("2:30 pm", "14:30"),
        ("12:00 AM", "00:00"),
        ("10:22:59+02:00", "10:22:59+02:00"),
        ("10:22Z", "10:22+00:00"),
        ("10:22 -0330", "10:22-03:30"),
        ("10:22+02", "10:22+02:00"),
    ],
)
def test_times_of_day_in_one_form(written: str, meant: str) -> None:
    assert iso_clock(written) == meant
    assert iso_clock(meant) == meant


@pytest.mark.parametrize(
    "cell", ["24:00", "10:60", "10.22", "1022", "10", "13:00 pm", "10:22+15:00", "noon", "10:22:61"]
)
def test_what_is_no_time_is_refused_with_its_line(cell: str) -> None:
    assert iso_clock(cell) == ""
    with pytest.raises(InputError, match=rf"{NAME} has the time '.*, which is not a time of day"):
        check_facts(pd.DataFrame({"time": [cell]}), [NAME])


def test_offsets() -> None:
    assert [iso_offset(text) for text in ("+02:00", "-0930", "", "Z", "+25:00", "two")] == [
        "+02:00", "-09:30", "", "+00:00", "", ""
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "which", "said"),
    [
        ("57,68123", "latitude", r"a decimal comma: write it with a point, 57\.68123"),
        ("57°41.5′N", "latitude", r"not in decimal degrees: write 57\.69167"),
        ("57 41 30", "latitude", r"write 57\.69167"),
        ("S 33°51'30\"", "latitude", r"write -33\.85833"),
        ("151° 12' W", "longitude", r"write -151\.20000"),
        ("57.5N", "latitude", "which is not a number"),
        ("57 75", "latitude", "which is not a number"),
        ("north", "latitude", "which is not a number"),
        ("nan", "latitude", "which is not a number"),
        ("1e1", "latitude", "which is not a number"),
        ("91", "latitude", "not between −90 and 90: are latitude and longitude swapped"),
        ("-180.01", "longitude", "not between −180 and 180: correct it"),
    ],
)
def test_a_coordinate_in_another_form_is_refused_with_what_to_write(
    cell: str, which: str, said: str
) -> None:
    with pytest.raises(InputError, match=rf"{NAME} has the {which} .*{said}"):
        checked_coordinate(cell, which, NAME)


@given(st.floats(-90, 90))
def test_decimal_degrees_stay_as_they_are_written(value: float) -> None:
    cell = f"{value:.6f}"
    assert checked_coordinate(f" {cell} ", "latitude", NAME) == cell
    assert checked_coordinate(cell.replace("-", "\u2212"), "latitude", NAME) == cell


@given(st.text(max_size=20))
def test_any_text_is_a_coordinate_or_refused(text: str) -> None:
    try:
        found = checked_coordinate(text, "longitude", NAME)
    except InputError:
        return
    assert not found or abs(float(found)) <= 180


def test_a_place_has_both_coordinates_or_neither() -> None:
    table = pd.DataFrame({"latitude": ["57.1", ""], "longitude": ["11.2", " "], "time": ["", ""]})
    assert check_facts(table, [NAME] * 2)["longitude"].tolist() == ["11.2", ""]
    for lacking in ("latitude", "longitude"):
        with pytest.raises(InputError, match=rf"{NAME} has a \w+ and no {lacking}"):
            check_facts(table.assign(**{lacking: ["", ""]}), [NAME] * 2)
    with pytest.raises(InputError, match=f"{NAME} has a longitude and no latitude"):
        check_facts(pd.DataFrame({"longitude": ["11.2"]}), [NAME])
    assert list(check_facts(pd.DataFrame({"date": ["x"]}), [NAME]).columns) == ["date"]
