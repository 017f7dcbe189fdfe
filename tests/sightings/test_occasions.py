from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.sightings.occasions import (
    QUARTERS,
    day_of,
    occasion_numbers,
    occasions_of,
    read_intervals,
    season_of,
    seasons_in_words,
)

SUMMER = {"summer": (6, 7, 8)}


def names(days: list[str], by: str, seasons=None, session: str = "all") -> list[str]:
    return [one.name for one in occasions_of([day_of(day) for day in days], by, seasons, session)]


def test_only_times_with_photographs_are_occasions() -> None:
    days = ["2021-07-03", "2021-05-01", "2021-07-30", ""]
    assert names(days, "day") == ["2021-05-01", "2021-07-03", "2021-07-30"]
    assert names(days, "month") == ["2021-05", "2021-07"]


def test_a_season_can_begin_in_the_year_before() -> None:
    assert names(["2020-12-31", "2021-02-28", "2021-03-01"], "season") == [
        "2020/21 Dec-Feb",
        "2021 Mar-May",
    ]
    winter = season_of(date(2021, 1, 15), QUARTERS)
    assert (winter.first, winter.last) == (date(2020, 12, 1), date(2021, 2, 28))


def test_months_of_no_season_are_in_no_occasion() -> None:
    days = [day_of(day) for day in ("2021-06-01", "2021-09-01", "2022-08-31")]
    occasions = occasions_of(days, "season", SUMMER)
    assert [one.name for one in occasions] == ["2021 summer", "2022 summer"]
    assert occasion_numbers(days, occasions) == [0, None, 1]
    assert seasons_in_words(SUMMER) == "summer is Jun to Aug"


def test_sessions_are_years_or_seasons() -> None:
    days = [day_of(day) for day in ("2021-06-01", "2021-08-01", "2022-06-01")]
    assert [one.session for one in occasions_of(days, "month", session="year")] == [
        "2021",
        "2021",
        "2022",
    ]
    assert [one.session for one in occasions_of(days, "day", SUMMER, "season")] == [
        "2021 summer",
        "2021 summer",
        "2022 summer",
    ]


@given(
    st.lists(st.dates(date(1990, 1, 1), date(2030, 12, 31)), min_size=1),
    st.sampled_from(["day", "month", "season"]),
)
def test_every_day_is_in_one_occasion(days: list[date], by: str) -> None:
    occasions = occasions_of(days, by)
    assert None not in occasion_numbers(days, occasions)
    assert occasions == occasions_of(days[::-1], by)
    for one, other in pairwise(occasions):
        assert one.last < other.first


def test_intervals_are_read(tmp_path: Path) -> None:
    table = tmp_path / "trips.csv"
    table.write_text("name,from,to,session\nb,2021-06-01,2021-06-09,s\na,2021-05-01,2021-05-01,s\n")
    first, second = read_intervals(table)
    assert (first.name, first.first, first.last, first.session) == (
        "a",
        date(2021, 5, 1),
        date(2021, 5, 1),
        "s",
    )
    assert second.last == date(2021, 6, 9)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,1/6/2021,2021-06-09", "line 2: '1/6/2021' is no day"),
        ("a,2021-06-09,2021-06-01", "ends before it begins"),
        ("a,2021-06-01,2021-06-09\nb,2021-06-09,2021-07-01", "'a' and 'b' overlap"),
        ("a,2021-06-01,2021-06-09\na,2021-07-09,2021-07-10", "the same name"),
    ],
)
def test_intervals_that_cannot_be_meant(tmp_path: Path, row: str, said: str) -> None:
    (tmp_path / "trips.csv").write_text(f"name,from,to\n{row}\n")
    with pytest.raises(InputError, match=said):
        read_intervals(tmp_path / "trips.csv")


def test_a_table_without_intervals_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_text("name,from,to\n")
    with pytest.raises(InputError, match="lists no interval: add rows"):
        read_intervals(tmp_path / "trips.csv")
