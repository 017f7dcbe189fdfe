"""A gallery's calibration: honest about each individual, and cautious with few of them."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.fusion.gallery_pairs import GalleryPairs
from tf_happywhale.retrieval.fusion.learn_calibration import (
    ALONE,
    MATCHED,
    learn_calibrations,
    spread_of,
)


def pairs(individuals: int, images: int = 4, seed: int = 0) -> GalleryPairs:
    """Every pair of images; those of one individual have higher cosines and more matches."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(individuals), images)
    first, second = np.triu_indices(len(who), 1)
    same = who[first] == who[second]
    matches = random.poisson(np.where(same, 20, 4))
    features = np.stack([matches, matches * 0.9, random.binomial(matches, 0.5)], 1)
    return GalleryPairs(
        0.3 + 0.1 * same + random.normal(0, 0.1, len(same)),
        features.astype(np.float32),
        who[first],
        who[second],
    )


def test_no_question_is_scored_by_a_calibration_that_saw_its_individual() -> None:
    """Other pairs of an individual, even absurd ones, change nothing for questions about it."""
    plain = pairs(7)
    for individual in range(7):
        touched = (plain.first == individual) | (plain.second == individual)
        features = plain.features.copy()
        features[touched & plain.same] = 0
        features[touched & ~plain.same] = 500
        odd = GalleryPairs(plain.cosine, features, plain.first, plain.second)
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
    assert found.whole.matched is MATCHED and found.whole.alone is ALONE
    assert found.individuals == 0
    lonely = learn_calibrations(all_.take(all_.first + all_.second < 0), 1)
    assert lonely.whole.matched is MATCHED and len(lonely.parts) == 1


def test_the_probabilities_are_as_often_right_as_they_say() -> None:
    learned = learn_calibrations(pairs(40), 40).whole
    new = pairs(40, seed=1)
    chance = learned.of_matched(new.cosine, new.features)
    for low, high in ((0, 0.05), (0.05, 0.5), (0.5, 1.01)):
        mine = (chance >= low) & (chance < high)
        assert abs(chance[mine].mean() - new.same[mine].mean()) < 0.15
    alone = learned.of_cosine(new.cosine)
    assert abs(alone.mean() - new.same.mean()) < 0.02


def test_pairs_that_were_not_matched_teach_the_cosine_alone() -> None:
    some = pairs(10)
    features = some.features.copy()
    features[::2] = np.nan
    half = GalleryPairs(some.cosine, features, some.first, some.second)
    one, other = (learn_calibrations(p, 10).whole for p in (some, half))
    assert np.allclose(one.alone.weights, other.alone.weights)
    assert not np.allclose(one.matched.weights, other.matched.weights)


def test_the_spread_of_too_few_cosines_is_that_of_none() -> None:
    assert spread_of(np.array([0.4])) == spread_of(np.zeros(0))
    assert spread_of(np.array([0.4, 0.4])).deviation == 1
    found = spread_of(np.array([0.0, 0.2]))
    assert np.isclose(found.mean, 0.1) and np.isclose(found.deviation, 0.1)
