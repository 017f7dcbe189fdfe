from __future__ import annotations

import numpy as np

from tf_happywhale.catalogue.animals.individuals import (
    label_order,
    most_frequent,
    species_targets,
    to_targets,
    with_new,
)


def test_an_individuals_place_in_text_order_is_its_target() -> None:
    order = label_order(["9", "10", "09913", "9", "a"])
    assert order == ["09913", "10", "9", "a"]
    targets = to_targets(["9", "a", "9", "10"], order)
    assert targets.tolist() == [2, 3, 2, 1]
    assert targets.dtype == np.int64


def test_an_unknown_individual_has_target_minus_one() -> None:
    assert to_targets(["b", "x"], ["a", "b"]).tolist() == [1, -1]
    assert to_targets([], ["a"]).shape == (0,)


def test_those_that_the_gallery_does_not_know_are_new() -> None:
    assert with_new(["1", "01", "2"], ["1", "1", "3"]) == ["1", "new_individual", "new_individual"]


def test_most_frequent_come_first_and_equal_ones_in_text_order() -> None:
    assert most_frequent(["b", "c", "a", "c", "b", "d"]) == ["b", "c", "a", "d"]


def test_the_species_of_individuals_by_their_place_in_text_order() -> None:
    order = ["a", "b", "c"]
    found = species_targets(order, ["c", "a", "b", "c"], ["orca", "orca", "fin_whale", "orca"])
    assert found.tolist() == [1, 0, 1]


def test_of_an_individuals_several_species_the_commonest_counts_then_the_first() -> None:
    ids, species = ["a", "a", "a", "b", "b"], ["orca", "fin", "orca", "orca", "fin"]
    assert species_targets(["a", "b"], ids, species).tolist() == [1, 0]
    assert species_targets(["a", "b"], ids[::-1], species[::-1]).tolist() == [1, 0]
