"""Images grouped by similarities and links."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.groups.grouping import Groups, join_images
from tf_happywhale.retrieval.groups.linkage import NEVER
from tf_happywhale.retrieval.groups.links import Links


def alike(seed: int, n: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows @ rows.T).round(1)  # with ties


def group_of(groups: Groups) -> dict[str, int]:
    return dict(zip(groups.names, groups.number.tolist(), strict=True))


def drawn_links(seed: int, names: list[str]) -> Links:
    """Links that agree with an animal for each image."""
    rng = np.random.default_rng(seed)
    animal = dict(zip(names, rng.integers(4, size=len(names)).tolist(), strict=True))
    pairs = [pair for pair in combinations(names, 2) if rng.random() < 0.15]
    same = [animal[a] == animal[b] for a, b in pairs]
    must = [pair for pair, one in zip(pairs, same, strict=True) if one]
    return Links(must, [pair for pair, one in zip(pairs, same, strict=True) if not one])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(2, 16),
    st.floats(-1, 1),
    st.sampled_from(["average", "connected"]),
)
def test_links_hold_and_the_order_does_not_matter(
    seed: int, n: int, threshold: float, linkage: str
) -> None:
    names = [f"{n:02d}.jpg" for n in range(n)]
    similarity, links = alike(seed, n), drawn_links(seed, names)
    found = join_images(names, similarity, links, linkage).cut(threshold)
    group = group_of(found)
    assert all(group[a] == group[b] for a, b in links.must)
    assert all(group[a] != group[b] for a, b in links.cannot)
    order = np.random.default_rng(seed).permutation(n)
    shuffled = join_images(
        [names[row] for row in order], similarity[np.ix_(order, order)], links, linkage
    ).cut(threshold)
    assert group_of(shuffled) == group
    np.testing.assert_array_equal(shuffled.between, found.between)


def test_groups_are_numbered_by_their_first_image() -> None:
    similarity = np.array([[1, 0.1, 0.9], [0.1, 1, 0.2], [0.9, 0.2, 1]])
    found = join_images(["c", "a", "b"], similarity).cut(0.5)
    assert found.members == [["a"], ["b", "c"]]
    assert found.score[1:].tolist() == pytest.approx([0.9, 0.9])
    assert np.isnan(found.score[0])
    assert found.between[0, 1] == pytest.approx(0.15)


def test_groups_that_cannot_be_one_say_so() -> None:
    similarity = np.array([[1, 0.9], [0.9, 1]])
    found = join_images(["a", "b"], similarity, Links(cannot=[("a", "b")])).cut(0.0)
    assert found.members == [["a"], ["b"]]
    assert found.between[0, 1] == NEVER


def test_a_contradiction_is_an_error() -> None:
    links = Links([("a", "b")], [("a", "b")])
    with pytest.raises(InputError, match="a and b were said"):
        join_images(["a", "b"], np.eye(2), links)


def test_nothing_to_group() -> None:
    found = join_images([], np.zeros((0, 0))).cut(0.5)
    assert found.members == []
