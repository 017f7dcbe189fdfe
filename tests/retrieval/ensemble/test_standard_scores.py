from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.ensemble.standard_scores import line_of_odds, log_odds, standard_of

CERTAIN = np.ones(10, np.float32)


def test_equal_scores_have_no_spread_though_rounding_gives_them_some() -> None:
    assert log_odds(CERTAIN).std() > 0
    assert standard_of(log_odds(CERTAIN)).deviation == 1
    line = line_of_odds(CERTAIN)
    above = line.standard(CERTAIN)[0] + 1e-3
    assert line.standard(CERTAIN)[0] < above
    assert line.score(line.standard(np.array([0.3]))[0]) == pytest.approx(0.3)


def test_the_spread_is_that_of_finite_scores() -> None:
    standard = standard_of(np.array([1.0, 3.0, -np.inf]))
    assert (standard.mean, standard.deviation) == (2, 1)
    nothing = standard_of(np.array([-np.inf]))
    assert (nothing.mean, nothing.deviation) == (0, 1)


def test_odds_of_what_is_certain_are_finite_and_those_of_nobody_are_not() -> None:
    low, half, high, nobody = log_odds(np.array([0, 0.5, 1, -np.inf]))
    assert low == pytest.approx(-high) and 20 < high < 21
    assert half == 0 and np.isneginf(nobody)
