from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sightings.drawn import seen, sightings
from tf_happywhale.errors import InputError
from tf_happywhale.sightings.capture_history import capture_history, choose, sides_sentence
from tf_happywhale.sightings.occasions import day_of, occasions_of

DAYS = ["2021-05-01", "2021-05-02", "2021-06-03"]


def made(table, **kept):
    occasions = occasions_of([day_of(day) for day in table["date"]], "day")
    chosen = choose(table, occasions, kept)
    return chosen, capture_history(chosen, occasions)


def test_a_history_has_a_digit_for_each_occasion() -> None:
    rows = [seen("09913", DAYS[0]), seen("09913", DAYS[2]), seen("b", DAYS[1]), seen("b", DAYS[1])]
    _, history = made(sightings(rows))
    assert history.individual_ids == ("09913", "b")
    assert history.texts() == ["101", "010"]
    assert history.per_occasion == [1, 1, 1]


def test_what_does_not_count_is_said_with_its_reason() -> None:
    rows = [
        seen("a", DAYS[0], quality="Q1"),
        seen("a", "", quality="Q1"),
        seen("", DAYS[1], quality="Q1"),
        seen("b", DAYS[1], quality="Q3"),
        seen("b", DAYS[2]),
    ]
    chosen, history = made(sightings(rows), quality=["Q1"])
    assert history.texts() == ["100"]
    assert chosen.lines() == [
        "1 of 5 photographs of animals count.",
        "  1 left out: no date",
        "  1 left out: no individual is named",
        "  1 left out: quality is not Q1",
        "  1 left out: quality is not known",
        "  individuals without a photograph that counts: 1 (b)",
    ]


def test_a_day_outside_all_occasions_is_left_out() -> None:
    table = sightings([seen("a", DAYS[0]), seen("a", DAYS[2])])
    chosen = choose(table, occasions_of([day_of(DAYS[0])], "month"), {})
    assert chosen.left_out["why"].tolist() == ["the date is in no occasion"]


def test_an_occasion_stays_if_its_sightings_do_not_count() -> None:
    rows = [seen("a", DAYS[0], quality="Q1"), seen("a", DAYS[1], quality="Q3")]
    _, history = made(sightings(rows), quality=["Q1"])
    assert history.texts() == ["10"]


def test_a_value_that_nobody_has_is_refused() -> None:
    with pytest.raises(InputError, match="No photograph has quality 'q1': there are Q1"):
        made(sightings([seen("a", DAYS[0], quality="Q1")]), quality=["q1"])


def test_several_species_are_not_one_population() -> None:
    rows = [seen("a", DAYS[0], species="orca"), seen("b", DAYS[0], species="minke")]
    with pytest.raises(InputError, match="There are 2 species"):
        made(sightings(rows))
    assert made(sightings(rows), species=["orca"])[1].individual_ids == ("a",)


def test_both_sides_say_what_they_mean() -> None:
    rows = [seen("a", DAYS[0], viewpoint="left"), seen("b", DAYS[0], viewpoint="right")]
    chosen, _ = made(sightings(rows))
    assert "known from the left side only: 1, from the right side only: 1." in sides_sentence(
        chosen
    )
    left, _ = made(sightings(rows), viewpoint=["left"])
    assert sides_sentence(left) == ""


def test_sessions_have_the_individuals_seen_in_them() -> None:
    table = sightings([seen("a", "2021-05-01"), seen("b", "2022-05-01"), seen("b", "2022-06-01")])
    occasions = occasions_of([day_of(day) for day in table["date"]], "month", session="year")
    history = capture_history(choose(table, occasions, {}), occasions)
    parts = history.sessions()
    assert {name: part.texts() for name, part in parts.items()} == {"2021": ["1"], "2022": ["11"]}
    assert parts["2022"].individual_ids == ("b",)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*DAYS, ""])), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_does_not_matter(rows, random) -> None:
    table = sightings([seen(who, day) for who, day in rows])
    _, history = made(table)
    order = list(range(len(table)))
    random.shuffle(order)
    _, again = made(table.iloc[order].reset_index(drop=True))
    assert history.individual_ids == again.individual_ids
    assert history.texts() == again.texts()
    assert len(history) == len({who for who, day in rows if day})
