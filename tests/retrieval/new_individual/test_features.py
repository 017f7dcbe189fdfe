from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.new_individual.features import best_and_gap, features_of, with_cosine
from tf_happywhale.retrieval.new_individual.probability import (
    fit_logistic,
    fit_new_probability,
    predict_by_parts,
)

SCORES = np.array([[0.9, 0.5, 0.1], [0.4, -np.inf, -np.inf], [-np.inf] * 3])


def test_best_gap_and_cosine_by_hand() -> None:
    cosine = np.array([0.7, 0.2, -np.inf])
    expected = [[0.9, 0.4, 0.7], [0.4, 0, 0.2], [-1, 0, -1]]
    np.testing.assert_allclose(with_cosine(SCORES, cosine), expected)
    np.testing.assert_allclose(best_and_gap(SCORES), np.array(expected)[:, :2])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_number_of_weights_tells_the_features(count: int) -> None:
    assert features_of(count)(SCORES, np.zeros(3)).shape == (3, count)


def test_cosines_that_are_missing_are_not_guessed() -> None:
    with pytest.raises(ValueError, match="none are given"):
        with_cosine(SCORES, None)


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, cosines and answers: P(new) is the logistic function of −2·best − 3·cosine."""
    rng = np.random.default_rng(seed)
    best, cosine = rng.normal(size=(2, 3000))
    is_new = rng.random(3000) < 1 / (1 + np.exp(2 * best + 3 * cosine))
    scores = best[:, None] - np.abs(rng.normal(size=(3000, 1))) * np.arange(5)
    return scores, cosine, is_new


def test_the_cosine_is_learned_from_where_it_tells_more() -> None:
    scores, cosine, is_new = draw(0)
    who = np.arange(3000).astype(str)
    found = fit_new_probability(scores, scores, is_new, who, None, cosine)
    assert len(found.regression.numbers()) == 3
    again, beside, truth = draw(1)
    p_new = found(again, again, beside)
    alone = fit_new_probability(scores, scores, is_new, who)
    assert np.mean((p_new - truth) ** 2) < np.mean((alone(again, again) - truth) ** 2) - 0.02
    useless = np.zeros(3000)
    assert (
        len(fit_new_probability(scores, scores, is_new, who, None, useless).regression.weights) < 3
    )


def test_the_cosine_of_an_individual_is_not_used_for_itself() -> None:
    scores, cosine, is_new = draw(2)
    who = (np.arange(3000) % 50).astype(str)
    mine, other = who == "7", np.where(who == "7", -cosine, cosine)
    found = [
        predict_by_parts(scores, is_new, who, None, with_cosine, some) for some in (cosine, other)
    ]
    part = np.unique(who, return_inverse=True)[1] % 5 == np.unique(who).tolist().index("7") % 5
    np.testing.assert_array_equal(found[0][part & ~mine], found[1][part & ~mine])
    assert (found[0][~part] != found[1][~part]).any()
    learned = fit_logistic(scores[~part], is_new[~part], None, with_cosine, cosine[~part])
    np.testing.assert_allclose(found[0][mine], learned(scores[mine], cosine[mine]))
