from __future__ import annotations

from tests.sightings.drawn import seen, sightings
from tf_happywhale.sightings.calendar_table import calendar_of
from tf_happywhale.sightings.capture_history import capture_history, choose
from tf_happywhale.sightings.occasions import day_of, occasions_of
from tf_happywhale.sightings.progress import (
    discovery_table,
    frequency_table,
    history_table,
    individual_days,
)

ROWS = [
    seen("b", "2021-05-02"),
    seen("a", "2021-05-01"),
    seen("a", "2021-05-01"),
    seen("a", "2021-05-02"),
    seen("c", "2022-07-09"),
    seen("a", "2022-07-09"),
]


def made():
    table = sightings(ROWS)
    occasions = occasions_of([day_of(day) for day in table["date"]], "day")
    chosen = choose(table, occasions, {})
    return individual_days(chosen), capture_history(chosen, occasions)


def test_the_discovery_curve_counts_each_individual_once_a_day() -> None:
    days, _ = made()
    assert discovery_table(days).to_dict("list") == {
        "day": ["2021-05-01", "2021-05-02", "2022-07-09"],
        "sightings": [1, 2, 2],
        "new": [1, 1, 1],
        "all_sightings": [1, 3, 5],
        "individuals": [1, 2, 3],
    }


def test_frequencies_and_histories() -> None:
    days, history = made()
    assert frequency_table(history).to_dict("list") == {
        "occasions": [1, 2, 3],
        "individuals": [2, 0, 1],
    }
    table = history_table(history, days, {"a": "a", "b": "b", "c": "x"})
    assert table.iloc[0].tolist() == ["a", "111", 3, 3, "2021-05-01", "2022-07-09", "a"]
    assert table["name_in_files"].tolist() == ["a", "b", "x"]


def test_the_calendar_begins_with_who_was_seen_most() -> None:
    calendar = calendar_of(made()[0])
    assert (calendar.part, calendar.individual_ids) == ("day", ("a", "b", "c"))
    assert calendar.days.tolist() == [[1, 1, 1], [0, 1, 0], [0, 0, 1]]


def test_many_days_become_months_without_a_gap() -> None:
    rows = [seen("a", f"2021-{month:02d}-{day:02d}") for month in (1, 2, 4) for day in range(1, 25)]
    table = sightings(rows)
    occasions = occasions_of([day_of(day) for day in table["date"]], "month")
    calendar = calendar_of(individual_days(choose(table, occasions, {})))
    assert (calendar.part, calendar.columns) == (
        "month",
        ("2021-01", "2021-02", "2021-03", "2021-04"),
    )
    assert calendar.days.tolist() == [[24, 24, 0, 24]]
    assert calendar.table().columns.tolist()[:2] == ["individual_id", "2021-01"]
