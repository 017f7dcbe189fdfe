from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.matching.point_detector import detect


def flat(height: int = 12, width: int = 16, **peaks: float) -> np.ndarray:
    """A map of .1 with peaks: `r3c5=0.8` is the score of row 3, column 5."""
    score = np.full((height, width), 0.1, np.float32)
    for place, value in peaks.items():
        row, column = place[1:].split("c")
        score[int(row), int(column)] = value
    return score


def whole(xy: np.ndarray) -> list[tuple[int, int]]:
    return [tuple(place) for place in np.round(xy).astype(int).tolist()]


def test_peaks_come_best_first_as_x_and_y():
    xy, score = detect(flat(r3c5=0.8, r8c12=0.9), 10, 0.2)
    assert whole(xy) == [(12, 8), (5, 3)]
    assert xy.dtype == score.dtype == np.float32
    np.testing.assert_allclose(score, [0.9, 0.8], atol=0.01)


def test_the_best_of_two_that_are_near_is_a_peak():
    assert whole(detect(flat(r5c5=0.4, r5c7=0.9), 10, 0.2)[0]) == [(7, 5)]
    assert whole(detect(flat(r5c5=0.4, r5c8=0.9), 10, 0.2)[0]) == [(8, 5), (5, 5)]


def test_a_peak_that_only_a_lost_one_hides_comes_back():
    # The middle one is near both others and lower than one of them; the third is near the middle.
    xy, _ = detect(flat(r5c4=0.9, r5c6=0.5, r5c8=0.4), 10, 0.2)
    assert len(xy) == 2
    assert xy[0] == pytest.approx([4, 5], abs=0.1)
    assert 6 < xy[1, 0] < 8  # its place is a mean with the one that it is near


@pytest.mark.parametrize("place", ["r1c6", "r10c6", "r5c1", "r5c14"])
def test_the_border_has_no_points(place):
    assert len(detect(flat(**{place: 0.9}), 10, 0.2)[0]) == 0


def test_count_and_least_limit_the_points():
    score = flat(r3c3=0.5, r3c8=0.6, r8c3=0.7, r8c8=0.8)
    assert whole(detect(score, 2, 0.2)[0]) == [(8, 8), (3, 8)]
    assert whole(detect(score, 10, 0.65)[0]) == [(8, 8), (3, 8)]
    assert len(detect(score, 10, 0.85)[0]) == 0


def test_a_place_is_the_mean_of_its_neighbourhood():
    score = flat(r5c5=0.8, r5c6=0.7)
    (x, y), *_ = detect(score, 1, 0.2)[0]
    # Weights are the scores' exponentials, ten times as steep: e^0, e^-1, and 23 of e^-7.
    small = np.exp(-7)
    assert x == pytest.approx(5 + (np.exp(-1) - small) / (1 + np.exp(-1) + 23 * small), abs=1e-4)
    assert y == pytest.approx(5, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (4, 50), (5, 4)])
def test_a_map_that_is_all_border_has_no_points(shape):
    xy, score = detect(np.ones(shape, np.float32), 10, 0)
    assert xy.shape == (0, 2)
    assert score.shape == (0,)
