from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.tables.numbered_dates import in_order, iso_days
from tf_happywhale.errors import InputError

NAMES = [f"Line {line} of t.csv" for line in range(2, 12)]


def days(*cells: str, order: str | None = None) -> list[str]:
    return iso_days(cells, NAMES[: len(cells)], order)


def test_days_in_one_known_form_become_iso() -> None:
    cells = ["2021-4-3", "2021/04/03", "2021.04.03 10:22", "3 April 2021", "2021:04:03 1:02:03"]
    times = ["", "", " 10:22", "", " 01:02:03"]
    assert days(*cells) == [f"2021-04-03{time}" for time in times]


def test_where_no_day_is_known_there_is_none() -> None:
    assert days("", "  ", "unknown", "2021", "2021-04", "summer 2021") == [""] * 6


def test_a_day_that_can_be_read_in_two_ways_is_refused_with_its_line_and_the_setting() -> None:
    said = r"Line 3 of t\.csv has the date '3/4/2021', .* two ways: set data\.date_order=day_first "
    with pytest.raises(InputError, match=said):
        days("4/4/2021", "3/4/2021")
    assert days("4/4/2021", "5.5.21 10:22") == ["2021-04-04", "2021-05-05 10:22"]


def test_a_number_that_cannot_be_a_month_decides_for_the_file() -> None:
    assert days("3/4/2021", "25/12/2021") == ["2021-04-03", "2021-12-25"]
    assert days("3/4/2021", "12/25/2021") == ["2021-03-04", "2021-12-25"]
    said = r"In Line 3 of t\.csv \(25/12/2021\) the day comes first, but in Line 2 .* the month"
    with pytest.raises(InputError, match=said):
        days("12/25/2021", "25/12/2021")


def test_the_setting_decides_and_what_contradicts_it_is_refused() -> None:
    assert days("3/4/2021", order="day_first") == ["2021-04-03"]
    assert days("3-4-21 9:05", order="month_first") == ["2021-03-04 09:05"]
    with pytest.raises(
        InputError, match=r"Line 2 .*'12/25/2021', which is not a day .* if the day"
    ):
        days("12/25/2021", order="day_first")
    assert in_order(["3/4/2021", "odd", "2021-04-03"], NAMES[:3], None)[0] == "3/4/2021"
    assert in_order(["3/4/2021", "odd"], NAMES[:2], "day_first") == ["2021-04-03", "odd"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2021-02-30", "there is no such day"),
        ("2021-13-01", "there is no such day"),
        ("0001-01-01", "no photograph is of the year 1: correct it, or leave it empty"),
        ("9999-12-31 00:00:00", "no photograph is of the year 9999"),
        ("30/2/2021", "not a day of the calendar"),
        ("3/4/45", "two ways"),
        ("20210403", "not a day in a known form"),
        ("2021-04-03 to 2021-04-05", "behind the day"),
        ("2021-04-03 25:00", "behind the day"),
        ("3rd of May, 2021", "not a day in a known form"),
    ],
)
def test_a_day_that_is_none_is_refused_with_its_line(cell: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"Line 2 of t\.csv has the date .*{said}"):
        days(cell)


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2029, 12, 31)), st.sampled_from("-/."))
def test_every_day_comes_back_in_both_orders(day: datetime.date, sign: str) -> None:
    first, second = f"%d{sign}%m{sign}%Y", f"%m{sign}%d{sign}%y"
    assert days(day.strftime(first), order="day_first") == [day.isoformat()]
    assert days(day.strftime(second), order="month_first") == [day.isoformat()]


@given(st.text(alphabet="0123456789-/. :T", max_size=18))
def test_any_text_is_a_day_or_none_or_refused(text: str) -> None:
    try:
        (found,) = days(text)
    except InputError:
        return
    assert found == "" or datetime.datetime.fromisoformat(found)
