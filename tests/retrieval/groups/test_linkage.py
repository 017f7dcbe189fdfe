"""Items joined step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from tf_happywhale.retrieval.groups.linkage import NEVER, join


def alike(seed: int, n: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def as_sets(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == one).tolist()) for one in np.unique(labels)}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 25), st.floats(-0.9, 0.95))
@pytest.mark.parametrize(("ours", "theirs"), [("average", "average"), ("connected", "single")])
def test_without_links_it_is_scipys_linkage(
    ours: str, theirs: str, seed: int, n: int, threshold: float
) -> None:
    similarity = alike(seed, n)
    away = squareform(1 - similarity, checks=False)
    expected = fcluster(linkage(away, theirs), 1 - threshold, "distance")
    tree = join(similarity, np.ones(n, np.int64), ours)
    assert as_sets(tree.cut(threshold)) == as_sets(expected)
    heights = 1 - linkage(away, theirs)[:, 2]
    np.testing.assert_allclose(tree.height, heights, atol=1e-9)


def test_average_linkage_counts_images_not_blocks() -> None:
    """A block of three images weighs three times as much in a mean."""
    similarity = np.array([[0, 0.9, 0.4], [0.9, 0, 0.2], [0.4, 0.2, 0]])
    assert join(similarity, np.array([3, 1, 1])).height[1] == pytest.approx(0.35)
    assert join(similarity, np.array([1, 1, 1])).height[1] == pytest.approx(0.3)


@pytest.mark.parametrize("linkage_", ["average", "connected"])
def test_items_that_are_never_joined_stay_apart_in_groups(linkage_: str) -> None:
    """0 and 2 may not be joined, so what is joined with 0 is not joined with 2 either."""
    similarity = np.array([[0, 0.9, NEVER], [0.9, 0, 0.8], [NEVER, 0.8, 0]])
    assert join(similarity, np.ones(3, np.int64), linkage_).cut(-1.0).tolist() == [0, 0, 2]


def test_no_item_and_one_item() -> None:
    for n in (0, 1):
        tree = join(np.zeros((n, n)), np.ones(n, np.int64))
        assert tree.cut(0.0).tolist() == list(range(n))
