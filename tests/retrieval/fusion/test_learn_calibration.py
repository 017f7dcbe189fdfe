"""A gallery's calibration: honest about each individual, and cautious with few of them."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.fusion.gallery_pairs import GalleryPairs
from tf_happywhale.retrieval.fusion.learn_calibration import (
    ALONE,
    MATCHED,
    learn_calibrations,
)


def pairs(individuals: int, images: int = 4, seed: int = 0) -> GalleryPairs:
    """Every pair of images; those of one individual have higher cosines and more matches."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(individuals), images)
    first, second = np.triu_indices(len(who), 1)
    same = who[first] == who[second]
    inputs = random.normal(size=(len(same), 3)) + np.outer(same, [0.5, 2.0, 1.5])
    return GalleryPairs(inputs, who[first], who[second])


def changed(some: GalleryPairs, rows: np.ndarray, value: float) -> GalleryPairs:
    inputs = some.inputs.copy()
    inputs[rows, 1:] = value
    return GalleryPairs(inputs, some.first, some.second)


def test_no_question_is_scored_by_a_calibration_that_saw_its_individual() -> None:
    """Other pairs of an individual, even absurd ones, change nothing for questions about it."""
    plain = pairs(7)
    for individual in range(7):
        touched = (plain.first == individual) | (plain.second == individual)
        odd = changed(changed(plain, touched & plain.same, -9.0), touched & ~plain.same, 9.0)
        one, other = (learn_calibrations(p, 7) for p in (plain, odd))
        part = int(one.part_of(np.array([individual]))[0])
        mine = [found.parts[part].matched for found in (one, other)]
        assert np.array_equal(mine[0].weights, mine[1].weights)
        assert mine[0].intercept == mine[1].intercept
        assert not np.allclose(one.whole.matched.weights, other.whole.matched.weights)


def test_many_individuals_share_ten_parts() -> None:
    found = learn_calibrations(pairs(23, images=3), 23)
    assert len(found.parts) == 10 and found.individuals == 23
    assert found.part_of(np.array([0, 10, 13])).tolist() == [0, 0, 3]


def test_without_a_pair_of_one_individual_the_prior_remains() -> None:
    all_ = pairs(5)
    found = learn_calibrations(all_.take(~all_.same), 5)
    assert found.whole.matched.weights is MATCHED and found.whole.alone.weights is ALONE
    assert np.isclose(found.whole.matched.intercept, np.log(1 / 5)) and found.individuals == 0
    lonely = learn_calibrations(all_.take(all_.first + all_.second < 0), 1)
    assert lonely.whole.matched.weights is MATCHED and len(lonely.parts) == 1


def test_the_probabilities_are_as_often_right_as_they_say() -> None:
    learned = learn_calibrations(pairs(40), 40).whole
    new = pairs(40, seed=1)
    chance = learned.of_matched(new.inputs)
    for low, high in ((0, 0.05), (0.05, 0.5), (0.5, 1.01)):
        mine = (chance >= low) & (chance < high)
        assert abs(chance[mine].mean() - new.same[mine].mean()) < 0.1
    assert abs(learned.of_cosine(new.inputs[:, 0]).mean() - new.same.mean()) < 0.02


def test_pairs_that_were_not_matched_teach_the_cosine_alone() -> None:
    some = pairs(10)
    half = changed(some, np.arange(len(some.inputs)) % 2 == 0, np.nan)
    one, other = (learn_calibrations(p, 10).whole for p in (some, half))
    assert np.allclose(one.alone.weights, other.alone.weights)
    assert not np.allclose(one.matched.weights, other.matched.weights)
