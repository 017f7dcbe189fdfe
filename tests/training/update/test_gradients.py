from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tf_happywhale.config import Train
from tf_happywhale.training.update.gradients import Update
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.step import Step


class Recorder:
    """In place of the optimizers: keeps what it is to apply."""

    def __init__(self, variables: list[keras.Variable]) -> None:
        self.variables = variables
        self.applied: list[float] = []

    def apply(self, gradients: list, learning_rate) -> None:
        self.applied.append(float(gradients[0][0]))


def run(train: Train, gradients: list[float]) -> list[float]:
    """What is applied in a run of steps with these gradients; NaN is a step that is not finite."""
    recorder = Recorder([keras.Variable(np.zeros(1, np.float32))])
    update = Update(Learner(None, recorder), train)

    def one(batch: tuple, own, rate, last: bool) -> float:
        gradient, _ = batch
        if np.isfinite(gradient):
            update.take([keras.ops.convert_to_tensor([gradient])], rate)
        else:
            update.drop()
        if last and update.waiting():
            update.finish(rate)
        return gradient

    step = Step(one, one, update.state, train, 0, len(gradients))
    for number, gradient in enumerate(gradients):
        step(number, np.float32(gradient), None, 1.0)
    assert not any(np.any(variable) for variable in step.state), "something was never applied"
    return recorder.applied


@settings(max_examples=40, deadline=None)
@given(
    accumulate=some.integers(1, 9),
    gradients=some.lists(some.floats(-4, 4, width=32) | some.just(float("nan")), max_size=20),
)
def test_every_finite_step_counts_once_and_equally_in_its_update(accumulate, gradients):
    """Also those of a tail that is shorter than `accumulate`, and beside ones that are left out."""
    parts = [gradients[n : n + accumulate] for n in range(0, len(gradients), accumulate)]
    finite = [[value for value in part if np.isfinite(value)] for part in parts]
    expected = [np.mean(part) for part in finite if part]
    found = run(Train(accumulate=accumulate, clip_norm=1e6), gradients)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_a_run_shorter_than_accumulate_is_one_update():
    assert run(Train(accumulate=8), [1.0, 2.0, 6.0]) == pytest.approx([3.0])
