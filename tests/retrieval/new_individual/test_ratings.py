"""How likely each candidate is right."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.new_individual.ratings import (
    NOBODY,
    Shares,
    equal_shares,
    fit_shares,
    ratings,
)


def drawn(shares: Shares, queries: int, k: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of candidates, and where the right one stands, as these shares say."""
    rng = np.random.default_rng(seed)
    score = -np.sort(-rng.normal(size=(queries, k)), axis=1)
    right = (rng.random(queries)[:, None] > np.cumsum(shares(score), axis=1)).sum(axis=1)
    return score, right


def test_what_drew_the_answers_is_found_again() -> None:
    true = Shares(1.7, 0.8)
    score, right = drawn(true, 6000)
    found = fit_shares(score, right, np.ones(6000))
    assert (found.slope, found.rest) == pytest.approx((true.slope, true.rest), abs=0.1)


def test_few_queries_promise_little() -> None:
    score, _ = drawn(Shares(1, 0), 3)
    found = fit_shares(score, np.zeros(3, int), np.full(3, 1.0))
    assert 0 < found.slope < 6
    assert fit_shares(score[:0], np.zeros(0, int), np.zeros(0)) is None


def test_queries_that_are_told_apart_without_error_do_not_diverge() -> None:
    score = np.tile([50.0, 0.0, -50.0], (40, 1))
    found = fit_shares(score, np.zeros(40, int), np.ones(40))
    assert np.isfinite([found.slope, found.rest]).all()


def test_shares_that_would_rise_with_the_rank_are_equal() -> None:
    score, _ = drawn(Shares(1, 0), 200)
    assert fit_shares(score, np.full(200, 5), np.ones(200)).slope == 0


def test_shares_are_one_together_and_missing_candidates_have_none() -> None:
    score = np.array([[2.0, 1.0, -np.inf], [3.0, 2.0, 1.0]])
    found = Shares(1.0, -1.0)(score)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[0, 2] == 0 and (np.diff(found[1, :3]) < 0).all()


def test_equal_shares() -> None:
    np.testing.assert_allclose(equal_shares(3, 10)(np.array([[3.0, 2.0, 1.0]])),
                               [[0.1, 0.1, 0.1, 0.7]])  # fmt: skip
    everyone = equal_shares(3, 3)
    assert everyone.rest == NOBODY and everyone(np.array([[3.0, 2.0, 1.0]]))[0, 3] == 0


def test_ratings_fall_and_what_is_left_is_shared() -> None:
    shares = np.array([[0.5, 0.25, 0.15, 0.1]])
    found = ratings(np.array([0.6]), np.array([0.2]), shares)
    np.testing.assert_allclose(found, [[0.6, 0.1, 0.06]])
    assert found.sum() + 0.2 <= 1


@pytest.mark.parametrize(("right", "new"), [(0.9, 0.3), (0.01, 0.0), (1.0, 1.0), (0.0, 0.0)])
def test_ratings_stay_in_order_and_within_0_and_1(right: float, new: float) -> None:
    shares = Shares(2.0, 0.0)(np.array([[3.0, 2.9, -np.inf]]))
    found = ratings(np.array([right]), np.array([new]), shares)
    assert (found >= 0).all() and (found <= 1).all() and (np.diff(found) <= 0).all()


def test_without_p_right_nothing_is_known() -> None:
    shares = Shares(1.0, 0.0)(np.array([[3.0, 2.0]]))
    assert np.isnan(ratings(np.array([np.nan]), np.array([0.2]), shares)).all()
