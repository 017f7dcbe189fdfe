from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes.animal_boxes import (
    Telling,
    animal_rows,
    pair_sources,
    tell_apart,
)
from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.catalogue.boxes.box_rows import BoxRow

TELLING = Telling(0.2, 0.55)


def row(left: int, confidence: float = 0.0, side: int = 20, **more) -> BoxRow:
    """A square box at `left`."""
    box = Box(left, 0, left + side, side)
    return BoxRow("a.jpg", more.pop("source", "fin"), box, confidence, **more)


def lefts(rows: list[BoxRow]) -> list[int]:
    return [one.box.xmin for one in rows]


def test_each_box_is_an_animal_the_surest_first() -> None:
    assert lefts(tell_apart([row(0, 0.3), row(100, 0.9), row(200, 0.5)], TELLING)) == [100, 200, 0]


def test_boxes_without_a_confidence_stay_in_their_order() -> None:
    assert lefts(tell_apart([row(50), row(0), row(90)], TELLING)) == [50, 0, 90]


def test_a_further_box_must_be_sure_and_the_best_one_counts_anyway() -> None:
    assert lefts(tell_apart([row(0, 0.1), row(50, 0.15)], TELLING)) == [50]
    assert lefts(tell_apart([row(0, 0.8), row(50, 0.19), row(90, 0.2)], TELLING)) == [0, 90]


def test_one_animal_that_was_detected_twice_is_one() -> None:
    assert lefts(tell_apart([row(0, 0.8), row(5, 0.7), row(12, 0.6)], TELLING)) == [0, 12]


def test_a_persons_boxes_count_alone_and_all_of_them() -> None:
    """Two animals side by side may overlap; the same box twice is one."""
    drawn = [row(5, manual=True), row(8, manual=True), row(5, manual=True)]
    assert lefts(tell_apart([row(50, 0.9), *drawn], TELLING)) == [5, 8]


def test_where_a_person_says_that_there_is_none_there_is_none() -> None:
    absent = BoxRow("a.jpg", "fin", None, 0.0, manual=True, absent=True)
    assert tell_apart([row(0, 0.9), absent], TELLING) == [absent]
    assert lefts(tell_apart([absent, row(3, manual=True)], TELLING)) == [3]


def test_numbers_of_the_table_are_the_animals() -> None:
    """A better row of one number takes the place of that one only."""
    rows = [row(0, 0.9, number=2), row(2, 0.9), row(90, number=2, manual=True), row(60, number=4)]
    kept = tell_apart(rows, TELLING)
    assert lefts(kept) == [2, 90, 60] and [one.number for one in kept] == [0, 2, 4]


ROWS = st.builds(
    row, st.integers(0, 400), st.floats(0, 1), st.integers(5, 60), manual=st.booleans()
)


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=12), st.permutations(["a.jpg", "b.jpg", "c.jpg"]))
def test_what_is_an_animal_depends_on_no_other_photograph(rows, names) -> None:
    own = [one._replace(image=names[0]) for one in rows]
    others = [one._replace(image=name) for name in names[1:] for one in rows[::-1]]
    mixed = [one for pair in zip(own, others[: len(own)], strict=True) for one in pair]
    alone = animal_rows(own, "fin", names, Path("t"), TELLING)[names[0]]
    assert animal_rows(mixed, "fin", names, Path("t"), TELLING)[names[0]] == alone


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_the_first_animal_is_in_a_box_as_good_as_the_best(rows) -> None:
    best = best_rows(rows, "fin", ["a.jpg"], Path("t"))["a.jpg"]
    first = tell_apart(rows, TELLING)[0]
    assert first.manual == best.manual
    assert first.manual or first.confidence == best.confidence
    assert animal_rows(rows, "fin", ["a.jpg"], Path("t"), None) == {"a.jpg": [best]}


def body(left: int, **more) -> BoxRow:
    return row(left, side=80, source="body", **more)


def test_a_fin_belongs_to_the_body_that_it_lies_in() -> None:
    pairs = pair_sources({"fin": [row(210), row(10)], "body": [body(0), body(200)]})
    found = [(n, {source: one.box.xmin for source, one in rows.items()}) for n, rows in pairs]
    assert found == [(1, {"fin": 210, "body": 200}), (2, {"fin": 10, "body": 0})]


def test_a_body_without_a_fin_is_an_animal_too_unless_the_fins_were_drawn_by_hand() -> None:
    bodies = [body(0), body(200)]
    assert [sorted(rows) for _, rows in pair_sources({"fin": [row(10)], "body": bodies})] == [
        ["body", "fin"],
        ["body"],
    ]
    by_hand = pair_sources({"fin": [row(10, manual=True)], "body": bodies})
    assert [sorted(rows) for _, rows in by_hand] == [["body", "fin"]]


def test_numbers_pair_whatever_lies_where() -> None:
    found = {"fin": [row(0, number=1), row(50, number=3)], "body": [body(300, number=3)]}
    assert [(n, sorted(rows)) for n, rows in pair_sources(found)] == [
        (1, ["fin"]),
        (3, ["body", "fin"]),
    ]


@pytest.mark.parametrize("found", [{}, {"fin": []}])
def test_a_photograph_without_boxes_is_one_animal_in_the_whole_of_it(found) -> None:
    assert pair_sources(found) == [(1, {})]


def test_pixels_and_shares_are_not_held_against_each_other() -> None:
    share = BoxRow("a.jpg", "fin", RelativeBox(0, 0, 0.5, 0.5), 0.5)
    assert len(tell_apart([row(0, 0.6), share], TELLING)) == 2
