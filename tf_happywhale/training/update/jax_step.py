"""One training step on JAX: the same as TensorFlow's, as one pure function of all variables.

The batch is cut over the devices, and the variables are the same on all of them. So sums over the
batch, and so the moments of the neck's BatchNorm, are sums over all devices.
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
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.step import Step


def make_step(
    strategy: keras.distribution.DataParallel | None,
    learner: Learner,
    train: Train,
    loss: Loss,
    seed: int = 0,
    steps: int | None = None,
) -> Step:
    """Return a compiled step that updates the learner, as `tensorflow_step.make_step` does.

    Args:
        strategy: None for one device.
        learner, train, loss, seed, steps: see there.
    """
    step = _JaxStep(strategy, learner, train, loss)
    return Step(step.take, step.take_several, step.update.state, train, seed, steps)


class _JaxStep:
    """Step on JAX: `_pure` and `_scanned` are pure functions of the values of all variables; `take`
    and `take_several` call them, and give the variables their new values."""

    def __init__(
        self,
        strategy: keras.distribution.DataParallel | None,
        learner: Learner,
        train: Train,
        loss: Loss,
    ) -> None:
        self.strategy, self.classifier, self.scale = strategy, learner.classifier, learner.scale
        self.embed, self.train, self.loss = learner.embed, train, loss
        self.update = Update(learner, train)
        trained = {id(variable) for variable in self.update.variables}
        self.fixed = [v for v in self.classifier.variables if id(v) not in trained]
        self.trained = len(self.update.variables)
        self.variables = [
            *self.update.variables,
            *self.fixed,
            *learner.optimizers.state,
            *(learner.average.state if learner.average is not None else []),
            *self.update.state,
            *learner.scale.state,
        ]
        self._single = jax.jit(self._pure, static_argnums=4)
        self._several = jax.jit(self._scanned)

    def take(self, batch: tuple, own, learning_rate, last: bool) -> jax.Array:
        """Take one step, and return its loss."""
        batch = jax.tree.map(np.asarray, batch)
        return self._call(self._single, batch, 0, np.float32(own), np.float32(learning_rate), last)

    def take_several(self, batches: tuple, own, rates, last) -> jax.Array:
        """Take a step on each batch, and return their losses [k]."""
        stacked = jax.tree.map(lambda *each: np.stack(each), *batches)
        return self._call(self._several, stacked, 1, own, rates, last)

    def _call(self, function: Callable, batch: tuple, axis: int, *rest) -> jax.Array:
        """Call a function of all variables' values, and return its losses. `axis` is that of the
        batch's rows."""
        if self.strategy is not None:
            batch = jax.device_put(batch, rows(axis))
        values, losses = function([variable.value for variable in self.variables], batch, *rest)
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        return losses

    def _scanned(self, values: list, batches: tuple, own, rates, last) -> tuple:
        def one(values: list, each: tuple) -> tuple:
            batch, own, rate, last = each
            return self._pure(values, batch, own, rate, last)

        return jax.lax.scan(one, values, (batches, own, rates, last))

    def _pure(self, values: list, batch: tuple, own, learning_rate, last) -> tuple:
        """Return the variables' values after a step, and its loss."""
        with self._holding(values):
            factor, may_fall = self.scale.factor, self.scale.may_fall()
        (_, (mean, moved)), gradients = jax.value_and_grad(self._forward, has_aux=True)(
            values[: self.trained], values[self.trained :], factor, *batch, own
        )
        gradients = [gradient / factor for gradient in gradients]
        whole = mean + sum(jnp.sum(gradient) for gradient in gradients)
        good = jnp.isfinite(whole)
        rest = values[self.trained + len(self.fixed) :]
        forwarded = [*values[: self.trained], *moved, *rest]
        took = self._after(forwarded, partial(self.update.take, gradients, learning_rate))
        dropped = self._after(values, self.update.drop)
        values = [jnp.where(good, *both) for both in zip(took, dropped, strict=True)]
        if self.train.accumulate > 1 and last is not False:
            with self._holding(values):
                due = jnp.logical_and(last, self.update.waiting())
            finish = partial(self._after, change=partial(self.update.finish, learning_rate))
            values = jax.lax.cond(due, finish, lambda values: values, values)
        fine = jnp.isfinite(mean) & (good | may_fall)
        return values, jnp.where(fine, mean, jnp.nan)

    def _forward(self, weights: list, others: list, factor, pictures, targets, own) -> tuple:
        """Return the scaled loss; the loss, and the fixed variables as the forward pass moves
        them."""
        with self._holding([*weights, *others]) as scope:
            share = own if self.train.embedding_mixup else None
            each = self.loss.each(self.classifier, pictures, targets, share, self.embed)
        moved = [scope.get_current_value(variable) for variable in self.fixed]
        mean = ops.sum(each) / self.train.batch_size
        return mean * factor, (mean, moved)

    def _after(self, values: list, change: Callable) -> list:
        """Return the variables' values after `change` was called."""
        with self._holding(values) as scope:
            change()
        return [scope.get_current_value(variable) for variable in self.variables]

    def _holding(self, values: list) -> keras.StatelessScope:
        """Return a scope in which the variables hold these values."""
        return keras.StatelessScope(state_mapping=list(zip(self.variables, values, strict=True)))
