"""Scores of pairs of images of one set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.retrieval.fusion.test_fused_scores import calibration, usual
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.groups.pair_scores import cosine_pairs, fused_pairs
from tf_happywhale.retrieval.search.joined_rows import stack


def test_cosines_of_rows_of_any_length() -> None:
    found = cosine_pairs(np.array([[2, 0], [0, 3], [1, 1]], np.float32))
    np.testing.assert_allclose(found[0], [1, 0, 0.5**0.5], atol=1e-6)


def test_a_matched_pair_counts_whoever_was_asked() -> None:
    random = np.random.default_rng(0)
    own = stack([random.normal(size=(5, 6)).astype(np.float32)])
    pairs = np.array([[0, 1], [3, 0], [1, 4], [4, 1]])
    features = random.integers(1, 30, (4, 3)).astype(np.float32)
    found, its, first = compared(5, pairs, features), usual(5, 1), np.zeros(5, np.int64)
    scores = FusedScores(own, own, found, its, its, [calibration()], first)
    each = scores(np.arange(5))
    both = fused_pairs(scores, np.arange(5))
    np.testing.assert_array_equal(both, both.T)
    assert (both[0, 1], both[0, 3]) == (each[0, 1], each[3, 0])
    np.testing.assert_allclose(both[2, 4], (each[2, 4] + each[4, 2]) / 2)
    rows = np.array([4, 3, 1])
    again = fused_pairs(replace(scores), rows)
    np.testing.assert_allclose(again, both[np.ix_(rows, rows)])
