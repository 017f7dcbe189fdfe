"""Inliers: matches that follow one affine transformation, among others that do not."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.matching.geometry import inliers

TURNED = np.array([[0.8, -0.5], [0.4, 0.9]])
REACH = 15.0  # pixels


def places(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 500, (count, 2)).astype(np.float32)


def test_matches_of_one_transformation_agree_and_the_others_do_not() -> None:
    first = places(40)
    second = first @ TURNED.T + [30, -12]
    second[25:] = places(15, seed=2)  # matches that are wrong
    moved = np.linalg.norm(first[25:] @ TURNED.T + [30, -12] - second[25:], axis=1)
    found = inliers(first, second, REACH)
    assert found[:25].all()
    assert not found[25:][moved > 40].any()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_matches_agree_with_nothing(count: int) -> None:
    assert inliers(places(count), places(count), REACH).tolist() == [False] * count


def test_points_on_one_spot_are_no_error() -> None:
    assert inliers(np.zeros((8, 2)), np.zeros((8, 2)), REACH).shape == (8,)


def test_the_result_does_not_depend_on_what_was_asked_before() -> None:
    first, second = places(30, seed=3), places(30, seed=4)
    alone = inliers(first, second, REACH)
    for seed in range(5):
        inliers(places(50, seed), places(50, seed + 9), REACH)
        assert np.array_equal(inliers(first, second, REACH), alone)


def test_the_reach_decides() -> None:
    first = places(12)
    second = first + np.random.default_rng(5).normal(0, 4, first.shape)
    assert inliers(first, second, reach=20).all()
    assert not inliers(first, second, reach=1).all()
