from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tf_happywhale.matching.local_points import LocalPoints
from tf_happywhale.review.correspondences import (
    GAP,
    MOST,
    Correspondences,
    correspondence_pair,
    correspondences,
)

GREY = 120
WIDE = np.full((100, 200, 3), GREY, np.uint8)
HIGH = np.full((200, 100, 3), GREY, np.uint8)


def found(first: list, second: list, fit: list[bool], score: list | None = None) -> Correspondences:
    return Correspondences(
        np.array(first, np.float32).reshape(-1, 2),
        np.array(second, np.float32).reshape(-1, 2),
        np.array(score if score else np.ones(len(fit)), np.float32),
        np.array(fit, bool),
    )


def row(count: int, fit: bool, height: float = 0.5, score: float = 1) -> Correspondences:
    """Points from left to right, at the same place in both crops."""
    places = [((n + 0.5) / count, height) for n in range(count)]
    return found(places, places, [fit] * count, [score] * count)


def colourful(picture: np.ndarray) -> np.ndarray:
    return np.ptp(picture.astype(int), axis=2) > 60


@pytest.mark.parametrize(
    ("crop", "shape", "second"),
    [(WIDE, (200 + GAP, 200, 3), (0, 100 + GAP)), (HIGH, (200, 200 + GAP, 3), (100 + GAP, 0))],
)
def test_lines_join_the_places_in_both_crops(crop, shape, second) -> None:
    places = [(0.1, 0.1), (0.3, 0.5), (0.5, 0.2), (0.7, 0.8), (0.9, 0.6)]
    others = [(0.1, 0.9), (0.3, 0.5), (0.5, 0.8), (0.7, 0.2), (0.9, 0.4)]
    picture = correspondence_pair(crop, crop, found(places, others, [True] * 5))
    assert picture.shape == shape and picture.dtype == np.uint8
    bright = colourful(picture)
    size = np.array(crop.shape[1::-1])
    for start, end in zip(places, others, strict=True):
        start, end = size * start, size * end + second
        for part in (0.25, 0.5, 0.75):  # of the way
            x, y = (start + part * (end - start)).astype(int)
            assert bright[y - 2 : y + 3, x - 2 : x + 3].any()
    assert not bright[:, :3].any() and not bright[:, -3:].any()


def test_inside_of_the_rings_one_sees_the_crops() -> None:
    picture = correspondence_pair(WIDE, WIDE, found([(0.3, 0.5)], [(0.6, 0.5)], [True]))
    for x, y in ((60, 50), (120, 100 + GAP + 50)):
        assert picture[y - 1 : y + 1, x - 1 : x + 1].min() > GREY - 20
        assert colourful(picture)[y - 6 : y + 6, x - 6 : x + 6].any()


def test_matches_that_do_not_fit_together_are_pale_and_below_the_others() -> None:
    places, others = [(0.5, 0.1)] * 5, [(0.5, 0.9)] * 5
    pale = correspondence_pair(WIDE, WIDE, found(places, others, [False] * 5))
    assert not colourful(pale).any()
    assert pale[:, 100].max() > GREY  # but drawn
    both = found(places * 2, others * 2, [True, False] * 5)
    bright = correspondence_pair(WIDE, WIDE, both)
    assert colourful(bright)[40:150, 98:103].any(axis=1).all()


def test_the_colour_follows_the_place_from_blue_to_orange() -> None:
    picture = correspondence_pair(WIDE, WIDE, row(5, fit=True)).astype(int)
    left, right = picture[60:140, 15:25], picture[60:140, 175:185]
    assert (left[..., 2] - left[..., 0]).max() > 60
    assert (right[..., 0] - right[..., 2]).max() > 60


def test_of_many_matches_those_that_fit_and_then_the_best_are_drawn() -> None:
    parts = [row(MOST - 1, True, 0.9, 0.6), row(1, False, 0.1, 0.9), row(2, False, 0.1, 0.7)]
    names = ("first", "second", "score", "fit")
    many = Correspondences(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
    picture = correspondence_pair(WIDE, WIDE, many)
    drawn = (picture[: 100 - 20] != GREY).any(axis=(0, 2))
    assert drawn[95:105].any() and not drawn[45:55].any() and not drawn[145:155].any()


def test_two_crops_without_a_match_are_shown_as_they_are() -> None:
    picture = correspondence_pair(WIDE, WIDE[:50, :100], found([], [], []))
    assert (picture[:100] == GREY).all() and (picture[100 + GAP :, :100] == GREY).all()
    assert (picture[100 + GAP :, 100:] == 255).all()


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        ([], "no point of one picture matches a point of the other"),
        ([False], "1 matching point"),
        ([False] * 7, "7 matching points, too few fit together"),
        ([True] * 21 + [False] * 13, "34 matching points, 21 of them fit together"),
        ([True] * 6, "6 matching points, all of them fit together"),
    ],
)
def test_words_say_how_many_matches_fit_together(fit, words) -> None:
    places = [(0.5, 0.5)] * len(fit)
    assert found(places, places, fit).words == words


@dataclass(frozen=True)
class Matches:
    first: np.ndarray
    second: np.ndarray
    score: np.ndarray


def test_matches_that_count_become_shares_of_the_crops_and_the_odd_one_does_not_fit() -> None:
    xy = np.float32([(10 + 8 * n, 5 + 17 * n % 40) for n in range(10)])
    moved = 2 * xy + np.float32([100, 50])
    moved[5] = (10, 290)
    blank = np.zeros((10, 128), np.float32)
    a = LocalPoints(xy, blank, np.ones(10, np.float32), (100, 50))
    b = LocalPoints(moved[::-1], blank, np.ones(10, np.float32), (400, 300))
    score = np.float32(
        [0.9, 0.8, 0.9, 0.7, 0.6, 0.9, 0.9, 0.8, 0.7, 0.5]
    )  # the last is not above .5
    result = correspondences(a, b, Matches(np.arange(10), 9 - np.arange(10), score))
    np.testing.assert_allclose(result.first, (xy[:9] + 0.5) / [100, 50])
    np.testing.assert_allclose(result.second, (moved[:9] + 0.5) / [400, 300])
    assert result.fit.tolist() == [n != 5 for n in range(9)]
    assert result.words == "9 matching points, 8 of them fit together"


@pytest.mark.parametrize(("near", "fit"), [(0, True), (2, True), (3, False)])
def test_matches_in_fewer_places_than_chance_brings_together_do_not_fit(
    near: int, fit: bool
) -> None:
    """Of ten matches that agree, some are neighbours of the first one. A place of its own is more
    than 3% of the longer side away in both pictures."""
    xy = np.float32([(10 + 8 * n, 5 + 17 * n % 40) for n in range(10)])
    xy[1 : 1 + near] = xy[0] + np.arange(1, near + 1)[:, None] * np.float32([0.5, 0.3])
    blank = np.zeros((10, 128), np.float32)
    points = LocalPoints(xy, blank, np.ones(10, np.float32), (100, 50))
    score = np.full(10, 0.9, np.float32)
    result = correspondences(points, points, Matches(np.arange(10), np.arange(10), score))
    assert result.fit.sum() == (10 if fit else 0)
