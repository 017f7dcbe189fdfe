"""Hand-written five-column cases."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.metrics import (
    auroc,
    balanced_accuracy,
    interval,
    mean_average_precision,
    rank_share,
    weighted_mean,
)

RANKED = [
    ["a", "b", "c", "d", "e"],
    ["b", "a", "c", "d", "e"],
    ["c", "b", "a", "d", "e"],
    ["d", "b", "c", "a", "e"],
    ["e", "b", "c", "d", "a"],
    ["e", "b", "c", "d", "f", "a"],
]


def test_each_rank_counts_its_reciprocal() -> None:
    expected = [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 0]
    for row, value in zip(RANKED, expected, strict=True):
        assert mean_average_precision([row], ["a"]) == pytest.approx(value)
    assert mean_average_precision(RANKED, ["a"] * 6) == pytest.approx(sum(expected) / 6)


def test_a_repeated_id_counts_where_it_stands_first() -> None:
    assert mean_average_precision([["b", "a", "a", "a", "a"]], ["a"]) == 0.5


def test_without_queries_it_is_zero() -> None:
    assert mean_average_precision([], []) == 0.0
    assert rank_share([], [], 1) == 0.0


def test_a_missing_truth_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        mean_average_precision(RANKED, ["a"])


def test_rank_share_counts_the_first_ranks() -> None:
    shares = [rank_share(RANKED, ["a"] * 6, rank) for rank in (1, 2, 5)]
    assert shares == pytest.approx([1 / 6, 2 / 6, 5 / 6])


def test_balanced_accuracy_counts_every_individual_once() -> None:
    right = np.array([True, True, False, False, True])
    ids = ["a", "a", "a", "a", "b"]
    assert balanced_accuracy(right, ids) == pytest.approx((0.5 + 1) / 2)
    assert balanced_accuracy(right[:0], []) == 0.0
    # drawn three times, a weighs three quarters
    weights = np.array([3.0, 3, 3, 3, 1])
    assert balanced_accuracy(right, ids, weights) == pytest.approx(0.75 * 0.5 + 0.25 * 1)


def test_auroc_is_scikit_learns_with_ties_and_weights() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    score = rng.integers(0, 20, 300) / 20
    positive = rng.random(300) < 0.3
    weights = rng.integers(0, 4, 300).astype(float)
    assert auroc(score, positive) == pytest.approx(roc_auc_score(positive, score))
    expected = roc_auc_score(positive, score, sample_weight=weights)
    assert auroc(score, positive, weights) == pytest.approx(expected)
    assert np.isnan(auroc(score, np.zeros(300, bool)))


def test_the_interval_draws_individuals_not_images() -> None:
    rng = np.random.default_rng(1)
    values = rng.random(400)
    alone = interval(lambda w: weighted_mean(values, w), [str(n) for n in range(400)], 0)
    half = 1.96 * values.std() / 20
    assert alone == pytest.approx([values.mean() - half, values.mean() + half], abs=0.006)
    same = np.repeat(rng.random(4), 100)  # four individuals, all of whose images agree
    wide = interval(lambda w: weighted_mean(same, w), np.repeat(list("abcd"), 100), 0)
    assert wide[1] - wide[0] > 4 * (alone[1] - alone[0])
    assert interval(lambda w: weighted_mean(values[:0], w), [], 0) == [0.0, 0.0]
