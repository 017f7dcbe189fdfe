"""The pairs that a person is asked about."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.groups.grouping import join_images
from tf_happywhale.retrieval.groups.links import Links
from tf_happywhale.retrieval.groups.questions import uncertain_pairs


def test_the_step_nearest_the_threshold_comes_first() -> None:
    similarity = np.eye(4)
    for a, b, value in ((0, 1, 0.9), (2, 3, 0.55), (0, 2, 0.1), (0, 3, 0.3), (1, 2, 0.1)):
        similarity[a, b] = similarity[b, a] = value
    joined = join_images(list("abcd"), similarity)
    asked = uncertain_pairs(joined, 0.5, 3)
    assert asked[0] == ("c", "d")
    assert ("a", "d") in asked  # the most similar pair of the two groups
    assert uncertain_pairs(joined, 0.5, 1, {frozenset("cd")}) != [("c", "d")]


def test_what_is_decided_is_not_asked() -> None:
    links = Links([("a", "b")], [("b", "c")])
    joined = join_images(list("abc"), np.full((3, 3), 0.5), links)
    assert uncertain_pairs(joined, 0.5, 9) == []
