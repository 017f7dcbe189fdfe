"""What the animals of one photograph cannot be."""

from __future__ import annotations

import pytest

from tests.sightings.drawn import sightings
from tf_happywhale.errors import InputError
from tf_happywhale.sightings.one_photograph import check_photographs


def two(**second: str):
    """Two animals of a photograph, the second with other facts."""
    first = {"image": "a.jpg", "individual_id": "A", "date": "2021-05-01", "place": "Bay"}
    first |= {"latitude": "57.1", "longitude": "11.5", "encounter": "e1"}
    return sightings([first, {**first, "image": "a.jpg#2", "individual_id": "B"} | second])


@pytest.mark.parametrize(
    ("column", "cell"),
    [("date", "2021-05-02"), ("place", "Cape"), ("latitude", "57.2"), ("longitude", "11.6")],
)
def test_a_photograph_has_one_day_and_one_place(column: str, cell: str) -> None:
    with pytest.raises(InputError, match=rf"^a\.jpg in t\.csv has the {column}s .* and {cell} for"):
        check_photographs(two(**{column: cell}), "t.csv")
    assert check_photographs(two(**{column: ""}), "t.csv") == ""


def test_each_animal_may_have_an_encounter_of_its_own() -> None:
    assert check_photographs(two(encounter="e2"), "t.csv") == ""


def test_an_individual_that_is_in_a_photograph_twice_is_told() -> None:
    assert "t.csv: 1 animals are an individual" in check_photographs(
        two(individual_id="A"), "t.csv"
    )
