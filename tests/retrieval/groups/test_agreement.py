"""Pairs of images that are put together, and rightly."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, pair_confusion_matrix

from tf_happywhale.retrieval.groups.agreement import adjusted_rand, pair_curve
from tf_happywhale.retrieval.groups.linkage import join


def test_the_curve_counts_pairs_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(0)
    who = rng.integers(5, size=20)
    rows = rng.normal(size=(20, 3)) + 2 * rng.normal(size=(5, 3))[who]
    tree = join(rows @ rows.T, np.ones(20, np.int64))
    curve = pair_curve(tree, who)
    for threshold in (*tree.height, np.inf, -100.0):
        matrix = pair_confusion_matrix(who, tree.cut(threshold)) / 2
        found = curve.at(np.array([threshold]))
        together, right, one = found[:3, 0]
        assert (together, right) == (matrix[:, 1].sum(), matrix[1, 1])
        assert one == matrix[1].sum()
        index = adjusted_rand_score(who, tree.cut(threshold))
        assert adjusted_rand(*found)[0] == pytest.approx(index, abs=1e-9)


def test_where_nothing_can_be_put_together_it_is_zero() -> None:
    assert adjusted_rand(*np.zeros((4, 1))).tolist() == [0.0]
