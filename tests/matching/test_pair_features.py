"""Features of a pair, counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from tf_happywhale.matching.local_points import LocalPoints, no_points
from tf_happywhale.matching.pair_features import FEATURES, pair_features


def points(xy: np.ndarray, size: tuple[int, int] = (512, 300)) -> LocalPoints:
    descriptor = np.zeros((len(xy), 128), np.float32)
    descriptor[:, 0] = 1
    return LocalPoints(xy.astype(np.float32), descriptor, np.ones(len(xy), np.float32), size)


def matches(first: list[int], second: list[int], score: list[float]) -> SimpleNamespace:
    return SimpleNamespace(
        first=np.array(first, np.int32),
        second=np.array(second, np.int32),
        score=np.array(score, np.float32),
    )


def test_sure_matches_are_counted_all_scores_summed_and_inliers_found() -> None:
    xy = np.random.default_rng(1).uniform(0, 300, (8, 2))
    moved = xy[::-1] + 20
    moved[0] = 0, 290  # the match of point 7 lies elsewhere
    found = matches([0, 1, 2, 3, 4, 7], [7, 6, 5, 4, 3, 0], [0.9, 0.8, 0.7, 0.6, 0.4, 0.9])
    features = dict(zip(FEATURES, pair_features(points(xy), points(moved), found), strict=True))
    assert features["matches"] == 5
    assert np.isclose(features["total"], 4.3)
    assert features["inliers"] == 4


def test_no_matches_are_zeros() -> None:
    none = no_points((100, 100))
    assert pair_features(none, none, matches([], [], [])).tolist() == [0, 0, 0]


def test_inliers_do_not_depend_on_the_scale_of_both_pictures() -> None:
    random = np.random.default_rng(2)
    xy = random.uniform(0, 500, (30, 2))
    other = xy + random.normal(0, 12, xy.shape)
    found = matches(list(range(30)), list(range(30)), [1.0] * 30)
    large = pair_features(points(xy), points(other), found)
    small = pair_features(points(xy / 4, (128, 75)), points(other / 4, (128, 75)), found)
    assert abs(large[2] - small[2]) <= 1
