from __future__ import annotations

import pytest

from tf_happywhale.training.update import loss_scale
from tf_happywhale.training.update.loss_scale import START, LossScale


def test_only_float16_needs_one():
    for precision in ("float32", "bfloat16"):
        scale = LossScale(precision)
        scale.took(False)
        assert (scale.factor, scale.state, scale.may_fall()) == (1.0, [], False)


def test_it_halves_at_a_step_that_is_not_finite_down_to_one():
    scale = LossScale("float16")
    assert float(scale.factor) == START
    scale.took(False)
    assert float(scale.factor) == START / 2
    for _ in range(14):
        assert bool(scale.may_fall())
        scale.took(False)
        scale.took(True)
    assert float(scale.factor) == 1
    assert not bool(scale.may_fall())


def test_it_doubles_after_enough_finite_steps_in_a_row(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loss_scale, "GROWS_AFTER", 3)
    scale, factors = LossScale("float16"), []
    for finite in (True, True, False, True, True, True, True, True, True):
        scale.took(finite)
        factors.append(float(scale.factor) / START)
    assert factors == [1, 1, 0.5, 0.5, 0.5, 1, 1, 1, 2]
