from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.new_individual.lead import lead, mean_of_next
from tf_happywhale.retrieval.new_individual.rule import NewRule, insert_new

GONE = -np.inf


def test_the_lead_by_hand() -> None:
    scores = np.array([
        [0.9, 0.5, 0.4, 0.3, 0.2, 0.9],  # the sixth does not count
        [0.9, 0.5, 0.3, GONE, GONE, GONE],  # two are behind it
        [0.4, 0.8, 0.4, 0.2, 0.2, 0.0],  # 0.8 is of another side, and counts as 0.4
    ])  # fmt: skip
    np.testing.assert_allclose(mean_of_next(scores), [0.35, 0.4, 0.3])
    np.testing.assert_allclose(lead(scores), [0.55, 0.5, 0.1])


def test_nobody_leads_alone() -> None:
    assert np.isnan(lead(np.array([[0.9, GONE], [GONE, GONE]]))).all()
    assert np.isnan(lead(np.array([[0.9]]))).all()
    assert lead(np.zeros((0, 5))).shape == (0,)


def test_a_level_that_all_scores_share_makes_no_difference() -> None:
    scores = np.sort(np.random.default_rng(0).normal(size=(20, 5)))[:, ::-1]
    np.testing.assert_allclose(lead(scores + 3), lead(scores))


def test_a_rule_by_the_lead_is_first_where_the_lead_is_too_small() -> None:
    rule = NewRule(0.5, lead=0.3)
    for best, first in ((0.6, "a"), (0.49, "new_individual")):
        scores = [best, 0.2, 0.2, 0.2, 0.2]
        assert rule.threshold_for(scores) == pytest.approx(0.5)
        assert insert_new(list("abcde"), scores, rule.threshold_for(scores))[0] == first
    assert NewRule(0.7, lead=0.3).threshold_for([0.6, GONE]) == 0.7  # nobody is behind it
    assert NewRule(0.7, by_species={"fin": 0.1}).threshold_for([0.6], "fin") == 0.1
