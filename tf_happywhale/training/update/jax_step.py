"""One training step on JAX: the same as `step.py`'s, as one pure function of all variables.

The batch is cut over the devices and the variables are the same on all of them; sums over the
batch, the neck's moments among them, are then over all devices by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.devices.jax_arrays import rows
from tf_happywhale.training.update.gradients import Update
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.tensorflow_step import Step
from tf_happywhale.training.update.weight_average import WeightAverage


def make_step(
    strategy: keras.distribution.DataParallel | None,
    classifier: keras.Model,
    optimizers: Optimizers,
    train: Train,
    loss: Loss,
    average: WeightAverage | None = None,
    scale: LossScale | None = None,
    seed: int = 0,
    steps: int | None = None,
) -> Step:
    """A compiled step that updates the classifier, as `step.make_step` does on TensorFlow.

    Args:
        strategy: None for one device.
        classifier, optimizers, train, loss, average, scale, seed, steps: as there.
    """
    update = Update(classifier, optimizers, train, average, scale)
    scale = update.scale
    fixed = classifier.non_trainable_variables
    variables = [
        *update.variables,
        *fixed,
        *optimizers.state,
        *(average.state if average is not None else []),
        *update.sums,
        *update.gathered,
        *scale.state,
    ]
    trained = len(update.variables)

    def forward(weights: list, others: list, factor, pictures, targets, own) -> tuple:
        """The scaled loss; the loss, and the fixed variables as the forward pass moves them."""
        known = list(zip(variables, [*weights, *others], strict=True))
        with keras.StatelessScope(state_mapping=known) as scope:
            share = own if train.embedding_mixup else None
            each = loss.each(classifier, pictures, targets, share)
        moved = [scope.get_current_value(variable) for variable in fixed]
        mean = ops.sum(each) / train.batch_size
        return mean * factor, (mean, moved)

    def after(values: list, change: Callable) -> list:
        """The variables' values after what changes them."""
        known = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=known) as scope:
            change()
        return [scope.get_current_value(variable) for variable in variables]

    def pure(values: list, batch: tuple, own, learning_rate, last) -> tuple:
        before = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=before):
            factor, may_fall = scale.factor, scale.may_fall()
        (_, (mean, moved)), gradients = jax.value_and_grad(forward, has_aux=True)(
            values[:trained], values[trained:], factor, *batch, own
        )
        gradients = [gradient / factor for gradient in gradients]
        whole = mean + sum(jnp.sum(gradient) for gradient in gradients)
        good = jnp.isfinite(whole)
        forwarded = [*values[:trained], *moved, *values[trained + len(fixed) :]]
        took = after(forwarded, partial(update.take, gradients, learning_rate))
        dropped = after(values, update.drop)
        values = [jnp.where(good, *both) for both in zip(took, dropped, strict=True)]
        if train.accumulate > 1 and last is not False:
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                due = jnp.logical_and(last, update.waiting())
            finish = partial(after, change=partial(update.finish, learning_rate))
            values = jax.lax.cond(due, finish, lambda values: values, values)
        fine = jnp.isfinite(mean) & (good | may_fall)
        return values, jnp.where(fine, mean, jnp.nan)

    def scanned(values: list, batches: tuple, own, rates, last) -> tuple:
        def one(values: list, each: tuple) -> tuple:
            batch, own, rate, last = each
            return pure(values, batch, own, rate, last)

        return jax.lax.scan(one, values, (batches, own, rates, last))

    single, several = jax.jit(pure, static_argnums=4), jax.jit(scanned)

    def call(function: Callable, batch: tuple, axis: int, *rest) -> jax.Array:
        """Call a function of all variables' values; its losses. The batch's rows lie on an axis."""
        if strategy is not None:
            batch = jax.device_put(batch, rows(axis))
        values, losses = function([variable.value for variable in variables], batch, *rest)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return losses

    def take_one(batch: tuple, own, learning_rate, last: bool) -> jax.Array:
        batch = jax.tree.map(np.asarray, batch)
        return call(single, batch, 0, np.float32(own), np.float32(learning_rate), last)

    def take_several(batches: tuple, own, rates, last) -> jax.Array:
        stacked = jax.tree.map(lambda *each: np.stack(each), *batches)
        return call(several, stacked, 1, own, rates, last)

    return Step(take_one, take_several, [*update.sums, *update.gathered], train, seed, steps)
