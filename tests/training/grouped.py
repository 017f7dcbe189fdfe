"""Steps taken in one call, as steps taken one by one: a comparison that any backend must pass."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from tf_happywhale.config import Train
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.weight_average import WeightAverage


def assert_same_as_one_by_one(
    make_step: Callable,
    strategy,
    classifier: keras.Model,
    batch: tuple,
    accumulate: int,
    bad: int,
    atol: float,
) -> None:
    """Four steps from step 1 to the run's last, with accumulation, average and mixed pictures; step
    `bad` is not finite."""
    train = Train(
        batch_size=8, accumulate=accumulate, clip_norm=0.5, adaptive_clip=0.05, head_rate=3
    )  # fmt: skip
    average = WeightAverage(classifier.trainable_variables, 0.9)
    optimizers, (pictures, targets) = Optimizers(classifier, train), batch
    step = make_step(strategy, Learner(classifier, optimizers, average), train, Loss(), steps=5)
    state = [*classifier.variables, *optimizers.state, *average.state, *step.state]
    start = [np.asarray(variable) for variable in state]
    batches = []
    for number in range(1, 5):
        others = np.roll(targets, number)
        share = np.full(8, np.nan if number == bad else 0.7, np.float32)
        batches.append((np.roll(pictures, number, axis=0), (others, np.roll(others, -1), share)))
    rates = [0.01, 0.02, 0.03, 0.04]
    losses = [step(n + 1, *batches[n], rates[n]) for n in range(4)]
    alone = [np.asarray(variable) for variable in state]
    for variable, value in zip(state, start, strict=True):
        variable.assign(value)
    together = step.together(1, batches, rates)
    assert [n + 1 for n, loss in enumerate(together) if not np.isfinite(loss)] == [bad]
    np.testing.assert_allclose(together, losses, rtol=1e-5)
    for variable, value in zip(state, alone, strict=True):
        np.testing.assert_allclose(np.asarray(variable), value, atol=atol)
    moved = zip(alone, start, strict=True)
    assert max(np.abs(value - was).max() for value, was in moved) > 1e-2
