"""What is known of pairs of images."""

from __future__ import annotations

import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.groups.links import (
    Links,
    cannot_matrix,
    links_of_names,
    links_of_photographs,
    must_blocks,
)


def test_animals_of_one_photograph_are_two_and_those_of_an_encounter_one() -> None:
    links = links_of_photographs(["a.jpg", "a.jpg#2", "b.jpg", "c.jpg"], ["", "", "e1", "e1"])
    assert links.must == [("b.jpg", "c.jpg")]
    assert links.cannot == [("a.jpg#2", "a.jpg")]


def test_one_name_is_one_animal_and_two_names_are_two() -> None:
    links = links_of_names({"a": "Tom", "b": "Ann", "c": "Tom", "d": ""})
    assert links.must == [("a", "c")]
    assert links.cannot == [("b", "a")]


def test_must_links_follow_from_one_another() -> None:
    links = Links([("a", "c"), ("c", "d"), ("e", "gone")], [("a", "b"), ("gone", "a")])
    block = must_blocks(["a", "b", "c", "d", "e"], links)
    assert block.tolist() == [0, 1, 0, 0, 2]
    apart = cannot_matrix(["a", "b", "c", "d", "e"], block, links)
    assert apart.tolist() == [[False, True, False], [True, False, False], [False] * 3]


def test_a_contradiction_names_both_photographs() -> None:
    links = Links([("a.jpg", "b.jpg"), ("b.jpg", "c.jpg")], [("c.jpg", "a.jpg")])
    with pytest.raises(InputError, match=r"c\.jpg and a\.jpg were said to show two animals"):
        must_blocks(["a.jpg", "b.jpg", "c.jpg"], links)
