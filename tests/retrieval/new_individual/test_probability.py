from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.new_individual.probability import (
    Logistic,
    best_and_gap,
    fit_logistic,
    fit_new_probability,
    leads,
    one_minus_cosine,
    predict_by_parts,
)
from tf_happywhale.retrieval.new_individual.reliability import (
    expected_calibration_error,
    reliability,
)


def draw(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores [n, 2] of which P(new) is the logistic function of −3·best − 1, exactly."""
    rng = np.random.default_rng(seed)
    best = rng.normal(size=count)
    is_new = rng.random(count) < 1 / (1 + np.exp(3 * best + 1))
    return np.stack([best, best - 0.3], axis=1), is_new


def test_the_probability_that_made_the_answers_is_found() -> None:
    learn = fit_logistic(*draw(20_000, 0))
    scores, is_new = draw(20_000, 1)
    truth = 1 / (1 + np.exp(3 * scores[:, 0] + 1))
    np.testing.assert_allclose(learn(scores), truth, atol=0.03)
    assert expected_calibration_error(learn(scores), is_new) < 0.015
    assert expected_calibration_error(1 - truth, is_new) > 0.2


@pytest.mark.parametrize("is_new", [np.zeros(5, bool), np.ones(5, bool), np.zeros(0, bool)])
def test_one_kind_teaches_nothing(is_new: np.ndarray) -> None:
    scores = np.zeros((len(is_new), 5))
    assert np.isnan(fit_logistic(scores, is_new)(np.zeros((3, 5)))).all()


def test_missing_candidates_do_no_harm() -> None:
    scores, is_new = draw(100, 2)
    scores[0, 1] = -np.inf
    learn = fit_logistic(scores, is_new)
    assert np.isfinite(learn(np.array([[0.5, -np.inf], [-np.inf, -np.inf]]))).all()


def test_the_curve_and_its_error_by_hand() -> None:
    p_new = np.array([0.1, 0.3, 0.9, 1.0])
    is_new = np.array([False, True, True, True])
    curve = reliability(p_new, is_new, bins=2)
    assert [part["queries"] for part in curve] == [2, 2]
    assert [part["p_new"] for part in curve] == pytest.approx([0.2, 0.95])
    assert [part["share_new"] for part in curve] == pytest.approx([0.5, 1.0])
    expected = (2 * 0.3 + 2 * 0.05) / 4
    assert expected_calibration_error(p_new, is_new, bins=2) == pytest.approx(expected)
    assert expected_calibration_error(np.zeros(0), np.zeros(0)) == 0.0


def test_a_calibration_that_many_individuals_support_is_used() -> None:
    standard, is_new = draw(2000, 3)
    who, cosine = np.arange(2000).astype(str), 0.5 + standard / 100
    learn = fit_new_probability(standard, cosine, is_new, who)
    assert learn.calibrated and learn.learned
    assert len(learn.regression.numbers()) == 2  # here the level tells, and the lead does not
    np.testing.assert_array_equal(learn(standard, cosine), fit_logistic(standard, is_new)(standard))


def test_the_probability_of_a_lead_is_found() -> None:
    rng = np.random.default_rng(5)
    lead, level = np.abs(rng.normal(size=20_000)), rng.normal(size=20_000)
    scores = np.stack([level, *[level - lead] * 4], axis=1)
    truth = 1 / (1 + np.exp(4 * lead - 2))
    learn = fit_logistic(scores, rng.random(20_000) < truth, features=leads)
    assert learn.weights[0] == pytest.approx(-4, abs=0.2)
    assert learn.intercept == pytest.approx(2, abs=0.1)
    np.testing.assert_allclose(learn(scores), truth, atol=0.03)


def test_the_lead_is_taken_where_it_tells_more() -> None:
    rng, who = np.random.default_rng(8), np.arange(600).astype(str)
    lead, level = np.abs(rng.normal(size=600)), rng.normal(size=600)
    scores = np.stack([level, *[level - lead] * 4], axis=1)
    is_new = rng.random(600) < 1 / (1 + np.exp(4 * lead - 2))
    learn = fit_new_probability(scores, 0.5 + scores / 100, is_new, who)
    assert learn.calibrated and len(learn.regression.numbers()) == 1


def test_two_kept_weights_are_those_of_older_versions() -> None:
    """The best score, and how far the second lies below it."""
    old = Logistic(np.array([-3.0, -1.0]), 0.5)
    score = np.array([[0.4, 0.1, 0.0, 0.0, 0.0]])
    assert old(score)[0] == pytest.approx(1 / (1 + np.exp(3 * 0.4 + 0.3 - 0.5)))
    new = Logistic(np.array([-3.0]), 0.5)  # 0.4 leads the mean of the next four by 0.375
    assert new(score)[0] == pytest.approx(1 / (1 + np.exp(3 * 0.375 - 0.5)))


def test_an_individual_is_never_used_for_its_own_probability() -> None:
    rng, who = np.random.default_rng(6), np.repeat(np.arange(30), 3).astype(str)
    scores = np.sort(rng.normal(size=(90, 5)))[:, ::-1]
    is_new, mine = np.arange(90) % 9 < 3, who == "7"
    for features in (leads, best_and_gap):
        before, after = (
            predict_by_parts(scores, answers, who, None, features)
            for answers in (is_new, np.where(mine, ~is_new, is_new))
        )
        np.testing.assert_array_equal(before[mine], after[mine])
        assert (before != after).any()


def test_many_images_of_one_new_individual_do_not_calibrate() -> None:
    """Without that individual nothing can be learned about new ones."""
    cosine = np.linspace(0.2, 0.9, 40)[:, None]
    is_new = np.arange(40) < 9
    who = np.where(is_new, "new", np.arange(40).astype(str))
    learn = fit_new_probability(cosine, cosine, is_new, who)
    assert not learn.calibrated
    np.testing.assert_array_equal(learn(cosine, cosine), one_minus_cosine(cosine))


def test_a_calibration_that_misleads_about_other_individuals_is_left_out() -> None:
    """As on a small catalogue: nine of eleven new images are of one animal, and the others look
    known, so that its images cannot be predicted from theirs."""
    new = np.concatenate([np.linspace(0.35, 0.45, 9), [0.75, 0.8]])
    cosine = np.concatenate([new, np.linspace(0.5, 0.95, 44)])[:, None]
    is_new = np.arange(55) < 11
    who = np.array(["a"] * 9 + ["b", "c"] + [f"k{n}" for n in range(44)])
    learn = fit_new_probability((cosine - 0.6) / 0.2, cosine, is_new, who)
    assert not learn.calibrated


def test_equal_scores_teach_the_share_and_no_more() -> None:
    """Their standard deviation is not 0 but 1e-17, by rounding."""
    scores, is_new = np.full((7, 5), 0.1), np.arange(7) < 2
    assert scores[:, 0].std() > 0
    p_new = fit_logistic(scores, is_new)(np.array([[0.9, 0.2, 0.2, 0.2, 0.2], [0.1] * 5]))
    np.testing.assert_allclose(p_new, 2 / 7, atol=0.01)
