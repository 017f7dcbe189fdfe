"""Calibrations against the odds that drew the data, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.fusion.calibration import (
    Calibration,
    Weights,
    fit_towards,
)

NOTHING = Weights(np.zeros(2), 0.0)


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, 2))
    chance = 1 / (1 + np.exp(-(inputs @ [1.5, -0.5] - 1)))
    return inputs, random.random(count) < chance


def test_a_wide_prior_gives_the_plain_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    inputs, same = drawn(400)
    found = fit_towards(NOTHING, np.full(3, 1e4), inputs, same)
    plain = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(inputs, same)
    assert np.allclose(found.weights, plain.coef_[0], atol=1e-4)
    assert found.intercept == pytest.approx(plain.intercept_[0], abs=1e-4)


def test_a_prior_of_equal_width_is_a_ridge() -> None:
    from sklearn.linear_model import LogisticRegression

    inputs, same = drawn(60)
    found = fit_towards(NOTHING, np.array([0.5, 0.5, 1e4]), inputs, same)
    ridge = LogisticRegression(C=0.25, tol=1e-10, max_iter=1000).fit(inputs, same)
    assert np.allclose(found.weights, ridge.coef_[0], atol=1e-4)


def test_many_pairs_are_all_asked(monkeypatch) -> None:
    """Every 16th pair says where to begin, not where it ends; the rare ones lie between them."""
    inputs, same = drawn(3_000, seed=5)
    same &= np.arange(len(same)) % 16 > 0
    wide = np.full(3, 2.0)
    plain = fit_towards(NOTHING, wide, inputs, same)
    monkeypatch.setattr("tf_happywhale.retrieval.fusion.calibration.MANY", 200)
    found = fit_towards(NOTHING, wide, inputs, same)
    assert np.allclose(found.weights, plain.weights, atol=1e-12)
    assert found.intercept == pytest.approx(plain.intercept, abs=1e-12)


def test_without_pairs_the_prior_remains_and_many_pairs_overrule_it() -> None:
    prior = Weights(np.array([0.3, 2.0]), -4.0)
    none = fit_towards(prior, np.full(3, 0.5), np.zeros((0, 2)), np.zeros(0, bool))
    assert np.allclose(none.weights, prior.weights) and none.intercept == -4
    few, many = (fit_towards(prior, np.full(3, 0.5), *drawn(count)) for count in (100, 20_000))
    far = [np.abs(found.weights - [1.5, -0.5]).max() for found in (none, few, many)]
    assert far[0] > far[1] > far[2] and far[2] < 0.1


def test_pairs_that_are_told_apart_entirely_have_finite_weights() -> None:
    inputs = np.concatenate([np.full((20, 2), -3.0), np.full((20, 2), 3.0)])
    found = fit_towards(NOTHING, np.full(3, 2.0), inputs, np.repeat([False, True], 20))
    assert np.isfinite(found.weights).all() and (found.weights > 0).all()


def test_pairs_without_matches_are_judged_by_the_cosine_alone() -> None:
    calibration = Calibration(
        Weights(np.array([0.5, 1.0, 1.0]), -5.0), Weights(np.array([1.0]), -2.0)
    )
    inputs = np.array([[1, 0, 0], [1, 3, 2], [1, np.nan, np.nan]])
    found = calibration.of_matched(inputs)
    assert found == pytest.approx(1 / (1 + np.exp([4.5, -0.5, 1])))
    assert found[2] == calibration.of_cosine(np.array([[1.0]]))[0, 0]
    assert np.isnan(inputs[2, 1])  # what was given is as it was
