from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.tables.dates_of_images import (
    date_as_in,
    date_sentences,
    day_of,
    known_day,
    to_the_minute,
    two_forms,
)


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2015-05-13 10:22:59", "2015-05-13"),
        ("2015-05-13T10:22", "2015-05-13"),
        ("2015-05-13", "2015-05-13"),
        ("3/6/2015 9:05", "3/6/2015"),
        ("2 June 2015", "2 June 2015"),
        ("2015", "2015"),
        ("", ""),
    ],
)
def test_the_day_of_a_date_is_what_stands_before_the_time(date: str, day: str) -> None:
    assert day_of(date) == day


@given(st.datetimes())
def test_the_day_of_an_iso_time_is_its_day(moment: datetime.datetime) -> None:
    assert day_of(moment.isoformat(" ")) == day_of(moment.isoformat()) == str(moment.date())


def test_seconds_are_left_out() -> None:
    assert to_the_minute("2015-05-13 10:22:59") == "2015-05-13 10:22"
    assert to_the_minute("13/05/2015 9:05") == "13/05/2015 9:05"
    assert to_the_minute("2015-05-13") == "2015-05-13"


def test_dates_that_contradict_the_table_are_counted_and_one_is_named() -> None:
    images = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"]
    written = ["2015-05-13", "2015-05-13 23:50", "", "02/06/2015", "2015-05-13", "2015-02-31"]
    taken = ["2015-05-13 09:00:00", "2015-05-14 01:00:00", "2015-07-01", *["2016-05-13"] * 3]
    camera, apart = date_sentences(images, written, taken, "of the images")
    assert camera == "1 of 6 of the images have their date from the camera (EXIF)"
    assert apart == (
        "1 of 6 of the images have another date in the table than in the camera (EXIF), such as "
        "e.jpg: 2015-05-13, not 2016-05-13. The table's counts."
    )
    assert date_sentences(images, written, [""] * 6, "of the images") == []


def test_a_new_row_has_a_time_of_day_where_the_others_have_one() -> None:
    assert date_as_in(["2015-05-13", ""], "2016-06-03 16:31:31") == "2016-06-03"
    assert date_as_in(["13/05/2015 09:00"], "2016-06-03 16:31:31") == "2016-06-03 16:31:31"
    assert date_as_in([], "2016-06-03 16:31:31") == "2016-06-03"
    assert date_as_in([], "") == ""


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-05-01", "2026-05-01"),
        ("2015:06:02 10:11:12", "2015-06-02"),
        ("2015-06-02T10:11", "2015-06-02"),
        ("2015", ""),
        ("2015-06", ""),
        (" ", ""),
        ("02/06/15", "2/6/15"),
        ("02/06/2015 10:22", "2/6/2015"),
        ("2.6.2015", "2.6.2015"),
        ("2015/6/2", "2015-06-02"),
        ("13 May", "13 May"),
        ("3rd of May 2015", "3rd of May 2015"),
        ("May 2015", ""),
        ("summer", ""),
        ("unknown", ""),
        ("?", ""),
    ],
)
def test_a_known_day(text: str, day: str) -> None:
    assert known_day(text) == day


def test_a_day_that_can_be_read_in_two_ways_is_told_from_iso_days() -> None:
    assert two_forms(["2021-04-03", "", "3/4/2021"]) == ("2021-04-03", "3/4/2021")
    assert two_forms(["3/4/2021", "13/4/2021", ""]) is None
    assert two_forms(["2021-04-03", "spring"]) is None
    assert two_forms(["3.4.2021", "3/4/2021", "13/4/2021"]) == ("3.4.2021", "13/4/2021")
    assert two_forms(["3/4/21", "3/4/2021"]) == ("3/4/21", "3/4/2021")
