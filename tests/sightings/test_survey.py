from __future__ import annotations

from pathlib import Path

import pytest

from tests.sightings.drawn import seen, sightings
from tf_happywhale.config.history import History
from tf_happywhale.errors import InputError
from tf_happywhale.sightings.history_texts import survey_tables
from tf_happywhale.sightings.missed_matches import MissedShare
from tf_happywhale.sightings.survey import survey_of

MONTHS = ["2021-05-01", "2021-06-01", "2021-07-01"]
ROWS = [seen(who, day) for n, who in enumerate("abcdef") for day in MONTHS[n % 2 :: 1 + n % 2]]


def test_each_session_has_an_estimate_with_what_it_assumes() -> None:
    found = survey_of(sightings(ROWS), History(), lambda: MissedShare(0.1, 0.1, 0.1, "as said"))
    text = "\n".join(found.notes)
    assert "An occasion is a month with photographs: there are 3." in text
    assert "6 individuals on 3 occasions; abundance M0 " in text
    assert "A first look, not a result: it assumes that nobody was born" in text
    assert "Missed matches: 10%, as said." in text
    tables = survey_tables(found)
    assert tables["estimates.csv"]["model"].tolist() == ["M0", "Mt"]
    assert "left_out.csv" not in tables


def test_two_occasions_are_estimated_by_chapman() -> None:
    rows = [row for row in ROWS if row["date"] != MONTHS[2]]
    found = survey_of(sightings([*rows, seen("g", MONTHS[1]), seen("a", MONTHS[1])]), History())
    assert [one.model for one in found.estimates[0].found] == ["Chapman"]


def test_no_estimate_has_a_reason() -> None:
    alone = survey_of(sightings([seen("a", MONTHS[0])]), History())
    assert "no estimate: one occasion says nothing" in "\n".join(alone.notes)
    once = survey_of(sightings([seen("a", MONTHS[0]), seen("b", MONTHS[1])]), History())
    assert "no estimate: nobody was seen on two occasions" in "\n".join(once.notes)


def test_missed_matches_are_not_sought_without_an_estimate() -> None:
    def sought() -> MissedShare | None:
        raise AssertionError

    survey_of(sightings([seen("a", MONTHS[0])]), History(), sought)


def test_nothing_that_counts_is_an_error_with_its_reasons() -> None:
    with pytest.raises(InputError, match=r"No photograph counts \(1 left out: no date\): give"):
        survey_of(sightings([seen("a", "")]), History())


def test_occasions_come_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "trips.csv"
    table.write_text("name,from,to\nspring,2021-05-01,2021-06-15\nempty,2021-06-16,2021-06-30\n")
    settings = History(by="intervals", intervals=str(table))
    found = survey_of(sightings(ROWS), settings)
    assert [one.name for one in found.history.occasions] == ["spring", "empty"]
    assert set(found.history.texts()) == {"10"}
    assert set(found.chosen.left_out["why"]) == {"the date is in no occasion"}


def test_places_and_encounters_that_look_the_same_are_told() -> None:
    named = (("North Bay", "e1"), ("north bay ", "E1"), ("Cape", "e2"))
    rows = [seen("a", MONTHS[0], place=place, encounter=name) for place, name in named]
    notes = survey_of(sightings(rows), History()).notes
    wanted = (
        "column place: 'North Bay' and 'north bay[U+0020]' look the same but count as different"
    )
    assert f"{wanted} places: if they are one, write them the same way." in notes
    assert sum("look the same" in note for note in notes) == 2
