from __future__ import annotations

import numpy as np
import pytest

from tests.sightings.drawn import seen, sightings
from tf_happywhale.sightings.associations import association_table, network_layout
from tf_happywhale.sightings.capture_history import choose
from tf_happywhale.sightings.groups import group_by, groups_of
from tf_happywhale.sightings.occasions import day_of, occasions_of


def chosen(rows):
    table = sightings(rows)
    return choose(table, occasions_of([day_of(day) for day in table["date"]], "day"), {})


def test_an_encounter_is_a_group_on_each_of_its_days() -> None:
    rows = [
        seen("a", "2021-05-01", encounter="e1"),
        seen("a", "2021-05-01", encounter="e1"),
        seen("b", "2021-05-01", encounter="e1"),
        seen("a", "2021-05-02", encounter="e2"),
        seen("b", "2021-05-03", encounter="e2"),
        seen("c", "2021-05-03"),
    ]
    groups, lines = groups_of(chosen(rows), "encounter")
    assert list(zip(groups["individual_id"], groups["group"], strict=True)) == [
        ("a", "e1"),
        ("b", "e1"),
        ("a", "2021-05-02 e2"),
        ("b", "2021-05-03 e2"),
    ]
    assert lines == [
        "1 photographs name no encounter: they are in no group.",
        "1 encounters have photographs of several days: each day is a group.",
    ]


def test_without_encounters_a_day_at_a_place_is_a_group() -> None:
    rows = [seen("a", "2021-05-01", place="Bay"), seen("b", "2021-05-01", place="Sound")]
    found = chosen(rows)
    assert group_by(found, None) == "day_place"
    assert groups_of(found, "day_place")[0]["group"].tolist() == [
        "2021-05-01 Bay",
        "2021-05-01 Sound",
    ]


def test_encounters_of_one_animal_each_are_no_groups() -> None:
    rows = [seen("a", "2021-05-01", encounter="1"), seen("b", "2021-05-01", encounter="2")]
    assert group_by(chosen(rows), None) == "day_place"
    assert group_by(chosen(rows), "encounter") == "encounter"
    assert group_by(chosen([*rows, seen("c", "2021-05-01", encounter="2")]), None) == "encounter"


def test_a_day_can_be_a_group() -> None:
    rows = [seen("a", "2021-05-01", place="Bay"), seen("b", "2021-05-01"), seen("a", "2021-05-02")]
    groups, lines = groups_of(chosen(rows), "day")
    assert groups["group"].tolist() == ["2021-05-01", "2021-05-01", "2021-05-02"]
    assert lines == []


def test_the_half_weight_index_by_hand() -> None:
    # a and b: together on day 1, apart on day 2; a alone on day 3.
    days = {
        "2021-05-01": [("a", "1"), ("b", "1"), ("c", "1")],
        "2021-05-02": [("a", "2"), ("b", "3")],
        "2021-05-03": [("a", "4")],
    }
    rows = [seen(who, day, encounter=e) for day, both in days.items() for who, e in both]
    table = association_table(groups_of(chosen(rows), "encounter")[0])
    found = {(row.individual_id, row.other_id): row for row in table.itertuples()}
    one = found["a", "b"]
    assert (one.together, one.apart, one.days, one.other_days) == (1, 1, 3, 2)
    assert one.half_weight_index == pytest.approx(1 / (1 + 1 + (1 + 0) / 2))
    assert found["b", "c"].half_weight_index == pytest.approx(1 / (1 + 0.5))
    assert table["half_weight_index"].is_monotonic_decreasing


def test_nobody_together_is_an_empty_table() -> None:
    rows = [seen("a", "2021-05-01", encounter="1")]
    table = association_table(groups_of(chosen(rows), "encounter")[0])
    assert table.empty
    assert network_layout(table, 10) == {}


def test_the_layout_is_the_same_each_time_and_puts_companions_near() -> None:
    rows = []
    for day in range(1, 10):
        for group, ids in (("x", "abc"), ("y", "def")):
            rows += [seen(who, f"2021-05-{day:02d}", encounter=f"{day}{group}") for who in ids]
    rows += [seen(who, "2021-06-01", encounter="z") for who in "cd"]
    table = association_table(groups_of(chosen(rows), "encounter")[0])
    places, again = network_layout(table, 10), network_layout(table, 10)
    assert all((places[who] == again[who]).all() for who in places)
    near = np.linalg.norm(places["a"] - places["b"])
    assert near < np.linalg.norm(places["a"] - places["f"])
    assert all(place.min() >= 0 and place.max() <= 1 for place in places.values())
    assert len(network_layout(table, 4)) == 4
