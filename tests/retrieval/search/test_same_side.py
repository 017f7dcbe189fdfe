from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.retrieval.conftest import embed
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.same_side import (
    Sides,
    order_of,
    prefer_same_side,
    side_sentence,
    sides_of,
)


def seen_from(*viewpoints: str) -> Embeddings:
    names = [f"{n}.jpg" for n in range(len(viewpoints))]
    images = embed([0.0] * len(names), names, [""] * len(names))
    images.columns["viewpoint"] = np.array(viewpoints)
    return images


def test_a_side_is_another_only_where_both_are_known_and_differ() -> None:
    queries = seen_from("left", "", "Right", "dorsal", "left and right")
    gallery = seen_from("left", "right flank", "", "7", "dorsal")
    sides = sides_of(queries, gallery)
    assert sides.matter
    assert sides.other(np.arange(5)).tolist() == [
        [False, True, False, False, True],
        [False] * 5,
        [True, False, False, False, True],
        [True, True, False, False, False],
        [False] * 5,
    ]
    assert sides.other(np.array([2])).tolist() == [[True, False, False, False, True]]


@pytest.mark.parametrize(
    ("asked", "known"),
    [(["", ""], ["left", "right"]), (["left"], ["", "left"]), (["left"], ["", ""]), ([], ["left"])],
)
def test_without_two_known_sides_nothing_changes(asked: list[str], known: list[str]) -> None:
    sides = sides_of(seen_from(*asked), seen_from(*known))
    assert not sides.matter and not side_sentence(sides, ["a"] * len(known))
    assert not sides.other(slice(None)).any()


def test_an_old_gallery_has_no_sides() -> None:
    old = embed([0.0], ["a.jpg"], ["a"])
    assert not sides_of(seen_from("left"), old).matter


def test_one_known_from_the_same_side_comes_before_a_higher_score_of_the_other() -> None:
    """a: both sides, b: the other side only, c: an unknown side, d: the same side."""
    who = np.array([0, 0, 1, 2, 3])
    other = np.array([[False, True, True, False, False]])
    score = np.array([[0.3, 0.9, 0.8, 0.2, 0.5]])
    shown, behind = prefer_same_side(score, other, who)
    assert shown.tolist() == [[0.3, -np.inf, 0.8, 0.2, 0.5]]
    assert behind.tolist() == [[False, True, False, False]]
    individuals = np.array([[0.9, 0.8, 0.2, 0.5]])
    assert order_of(individuals, behind, 4).tolist() == [[0, 3, 2, 1]]
    assert order_of(individuals, None, 4).tolist() == [[0, 1, 3, 2]]
    assert order_of(np.array([[0.5, 0.5, 0.5]]), None, 2).tolist() == [[0, 1]]


def test_an_image_that_was_not_compared_makes_nobody_known() -> None:
    score, other = np.array([[-np.inf, 0.4]]), np.array([[False, True]])
    shown, behind = prefer_same_side(score, other, np.array([0, 0]))
    assert behind.tolist() == [[True]] and shown.tolist() == score.tolist()


def test_an_empty_gallery_has_nobody() -> None:
    nothing = np.zeros((2, 0))
    shown, behind = prefer_same_side(nothing, nothing.astype(bool), np.zeros(0, np.int64))
    assert shown.shape == (2, 0) and behind.shape == (2, 0)


SIDE = st.sampled_from(["left", "right", "dorsal", "", "?"])


@given(st.data())
def test_the_order_is_the_one_that_sorting_one_by_one_gives(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    who = np.sort(np.array(data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))))
    who = np.unique(who, return_inverse=True)[1]
    gallery = data.draw(st.lists(SIDE, min_size=count, max_size=count))
    asked = data.draw(st.lists(SIDE, min_size=1, max_size=3))
    cells = st.one_of(st.just(-np.inf), st.integers(0, 5).map(float))
    size = len(asked) * count
    score = np.reshape(data.draw(st.lists(cells, min_size=size, max_size=size)), (-1, count))
    other = sides_of(seen_from(*asked), seen_from(*gallery)).other(slice(None))
    shown, behind = prefer_same_side(score, other, who)
    heads = np.flatnonzero(np.diff(who, prepend=-1))
    best = np.maximum.reduceat(score, heads, axis=1)
    found = order_of(best, behind, len(heads))
    shown_of = np.maximum.reduceat(shown, heads, axis=1)
    for row, side in enumerate(asked):
        ranked = []
        for person in range(len(heads)):
            images = [n for n in range(count) if who[n] == person and np.isfinite(score[row, n])]
            known = {"left", "right", "dorsal"}
            near = [n for n in images if gallery[n] == side or not {gallery[n], side} <= known]
            top = max((score[row, n] for n in images), default=-np.inf)
            ranked.append((not near, -top, person))
            assert shown_of[row, person] == max(
                (score[row, n] for n in near or images), default=-np.inf
            )
        assert found[row].tolist() == [person for *_, person in sorted(ranked)]


@given(st.lists(SIDE, max_size=4), st.lists(SIDE, max_size=6))
def test_without_a_known_side_the_score_alone_counts(asked: list[str], known: list[str]) -> None:
    sides = sides_of(seen_from(*["" for _ in asked]), seen_from(*known))
    score, who = np.ones((len(asked), len(known))), np.arange(len(known))
    shown, behind = prefer_same_side(score, sides.other(slice(None)), who)
    assert np.array_equal(shown, score) and not behind.any()


def test_the_sentence_says_who_comes_behind() -> None:
    sides = sides_of(seen_from("left", "", "right"), seen_from("left", "right", "", "right"))
    said = side_sentence(sides, ["a", "a", "b", "c"])
    assert "The side of 2 of 3 animals is known" in said
    assert "known only from another side (1 of 3 for left, 0 of 3 for right)." in said
    assert not Sides(np.zeros(1, np.int8), np.ones(1, np.int8)).matter
