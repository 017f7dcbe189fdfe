"""One training step on TensorFlow: loss, gradients summed over devices, taken or left out."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.update.gradients import Update
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.weight_average import WeightAverage


def make_step(
    strategy: tf.distribute.Strategy,
    classifier: keras.Model,
    optimizers: Optimizers,
    train: Train,
    loss: Loss,
    average: WeightAverage | None = None,
    scale: LossScale | None = None,
    seed: int = 0,
    steps: int | None = None,
) -> Step:
    """A compiled step that updates the classifier; several in one call, where that is asked for.

    The targets are int [n], or of mixed pictures as `Loss.each` takes them. With `train.accumulate`
    only every so many calls update it, by the mean of the gradients that were finite; and the last
    of the run's `steps` does, by the mean of what is left. With `train.embedding_mixup`
    embeddings are mixed, by a share that is a function of (seed, step). A step whose loss or
    gradients are not finite leaves no trace, in the BatchNorms' statistics neither. The classifier,
    the optimizers, the average and the scale must have been made inside the strategy's scope.
    """
    replicas = strategy.num_replicas_in_sync
    variables = classifier.trainable_variables
    with strategy.scope():
        update = Update(classifier, optimizers, train, average, scale, replicas)
    scale = update.scale

    def gradients_of(batch: tuple, own: tf.Tensor, row: tf.Tensor | None) -> tuple:
        """Loss, gradients, and what the forward pass has moved, as it was before; of a batch, or of
        one of several that are stacked."""
        if row is not None:
            batch = tf.nest.map_structure(lambda each: each[row], batch)
        pictures, targets = batch
        held = [tf.identity(variable.value) for variable in classifier.non_trainable_variables]
        with tf.GradientTape() as tape:
            # Summed over the devices this is the mean over the batch.
            share = own if train.embedding_mixup else None
            each = loss.each(classifier, pictures, targets, share)
            part = ops.sum(each) / train.batch_size
            scaled = part * scale.factor
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        if replicas > 1:
            # Keras clips before it sums over devices, so the sum is made here.
            context = tf.distribute.get_replica_context()
            part, *gradients = context.all_reduce("SUM", [part, *gradients])
        if scale.state:
            gradients = [gradient / scale.factor for gradient in gradients]
        # One number that is finite if all are.
        whole = part + tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])
        return part, whole, gradients, held

    def undo(held: list) -> None:
        for variable, value in zip(classifier.non_trainable_variables, held, strict=True):
            variable.assign(value)
        update.drop()

    def take(
        batch: tuple,
        own: tf.Tensor,
        learning_rate: tf.Tensor,
        last: bool | tf.Tensor,
        row: tf.Tensor | None = None,
    ) -> tf.Tensor:
        part, whole, gradients, held = strategy.run(gradients_of, (batch, own, row))
        mean, whole = (strategy.reduce("MEAN", value, axis=None) for value in (part, whole))
        # In float16 it may be the factor's doing: then the step is left out, and is not a bad one.
        fine = tf.math.is_finite(mean) & (tf.math.is_finite(whole) | scale.may_fall())
        # Conditions are outside the replicas: the optimizers' sum over replicas must not be in one.
        if tf.math.is_finite(whole):
            strategy.run(update.take, (gradients, learning_rate))
        else:
            strategy.run(undo, (held,))
        if train.accumulate > 1 and last and update.waiting():
            strategy.run(update.finish, (learning_rate,))
        return tf.where(fine, mean, float("nan"))

    @tf.function
    def several(batches: tuple, own: tf.Tensor, rates: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
        stacked = strategy.run(_stack, batches)
        losses = tf.TensorArray(tf.float32, len(batches), element_shape=())
        for n in tf.range(len(batches)):
            losses = losses.write(n, take(stacked, own[n], rates[n], last[n], n))
        return losses.stack()

    return Step(tf.function(take), several, [*update.sums, *update.gathered], train, seed, steps)


def _stack(*batches: tuple) -> tuple:
    """Batches of one shape as one structure, with an axis more in front."""
    return tf.nest.map_structure(lambda *each: tf.stack(each), *batches)


class Step:
    """Calls the compiled step, and knows when gradients are to be applied.

    Args:
        one: takes a batch, the embeddings' own share, the rate, and whether gradients are applied.
        several: takes as many batches as are given, and arrays [k] of the others.
        state: see below.
        train, seed, steps: see `make_step`.

    Attributes:
        state: what a checkpoint must hold: the sums of gradients not yet applied, and of how many
            steps they are.
    """

    def __init__(
        self,
        one: Callable,
        several: Callable,
        state: list[keras.Variable],
        train: Train,
        seed: int,
        steps: int | None = None,
    ) -> None:
        self._one, self._several, self.state = one, several, state
        self._train, self._seed, self._steps = train, seed, steps

    def __call__(self, number: int, pictures, targets, learning_rate: float) -> float:
        """Take step `number` of the run, counted from 0, on a batch; its loss, NaN where loss or
        gradients were not finite and nothing has changed."""
        own = tf.constant(self._own(number), tf.float32)
        rate = tf.constant(learning_rate)
        return float(self._one((pictures, targets), own, rate, self._last(number)))

    def together(self, number: int, batches: list[tuple], rates: list[float]) -> list[float]:
        """Take steps from `number` on in one call, each at its rate on its batch of pictures and
        targets, all of one shape; their losses, as single steps do."""
        numbers = range(number, number + len(batches))
        own = np.array([self._own(each) for each in numbers], np.float32)
        last = np.array([self._last(each) for each in numbers])
        losses = self._several(tuple(batches), own, np.array(rates, np.float32), last)
        return [float(loss) for loss in np.asarray(losses)]

    def _own(self, number: int) -> float:
        return own_share(self._train.embedding_mixup, self._seed, number)

    def _last(self, number: int) -> bool:
        return (number + 1) % self._train.accumulate == 0 or number + 1 == self._steps


def own_share(alpha: float, seed: int, step: int) -> float:
    """The share that embeddings keep in a step, Beta(alpha, alpha), the same after any restart; all
    of it for an alpha of 0."""
    return float(np.random.default_rng((seed, step)).beta(alpha, alpha)) if alpha else 1.0
