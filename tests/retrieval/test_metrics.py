"""Hand-written five-column cases."""

from __future__ import annotations

import pytest

from tf_happywhale.retrieval.metrics import mean_average_precision, rank_share

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
