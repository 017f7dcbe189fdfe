"""One training step on TensorFlow: loss, gradients summed over devices, taken or left out."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.average import WeightAverage
from tf_happywhale.training.loss import Loss
from tf_happywhale.training.loss_scale import LossScale
from tf_happywhale.training.optimizer import Optimizers
from tf_happywhale.training.update import Update


def make_step(
    strategy: tf.distribute.Strategy,
    classifier: keras.Model,
    optimizers: Optimizers,
    train: Train,
    loss: Loss,
    average: WeightAverage | None = None,
    scale: LossScale | None = None,
    seed: int = 0,
) -> Step:
    """A compiled step that updates the classifier.

    The targets are int [n], or of mixed pictures as `Loss.each` takes them. With `train.accumulate`
    only every so many calls update it, by the mean of their gradients. With `train.embedding_mixup`
    embeddings are mixed, by a share that is a function of (seed, step). A step whose loss or
    gradients are not finite leaves no trace, in the BatchNorms' statistics neither. The classifier,
    the optimizers, the average and the scale must have been made inside the strategy's scope.
    """
    replicas = strategy.num_replicas_in_sync
    variables = classifier.trainable_variables
    with strategy.scope():
        update = Update(classifier, optimizers, train, average, scale, replicas)
    scale = update.scale

    def gradients_of(pictures: tf.Tensor, targets: tf.Tensor, own: tf.Tensor) -> tuple:
        """Loss, gradients, and what the forward pass has moved, as it was before."""
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

    def undo(held: list, last: bool) -> None:
        for variable, value in zip(classifier.non_trainable_variables, held, strict=True):
            variable.assign(value)
        update.drop(last)

    @tf.function
    def compiled(
        pictures: tf.Tensor,
        targets: tf.Tensor,
        own: tf.Tensor,
        learning_rate: tf.Tensor,
        last: bool,
    ) -> tf.Tensor:
        part, whole, gradients, held = strategy.run(gradients_of, (pictures, targets, own))
        mean, whole = (strategy.reduce("MEAN", value, axis=None) for value in (part, whole))
        # In float16 it may be the factor's doing: then the step is left out, and is not a bad one.
        fine = tf.math.is_finite(mean) & (tf.math.is_finite(whole) | scale.may_fall())
        # Outside the replicas, since the optimizers' sum over them must not stand in a condition.
        if tf.math.is_finite(whole):
            strategy.run(update.take, (gradients, learning_rate, last))
        else:
            strategy.run(undo, (held, last))
        return tf.where(fine, mean, float("nan"))

    return Step(compiled, update.sums, train, seed)


class Step:
    """Calls the compiled step, and knows when gradients are to be applied.

    Attributes:
        state: what a checkpoint must hold: the sums of gradients not yet applied.
    """

    def __init__(
        self, compiled: Callable, state: list[keras.Variable], train: Train, seed: int
    ) -> None:
        self._compiled, self.state, self._train, self._seed = compiled, state, train, seed

    def __call__(self, number: int, pictures, targets, learning_rate: float) -> float:
        """Take step `number` of the run, counted from 0, on a batch; its loss, NaN where loss or
        gradients were not finite and nothing has changed."""
        last = (number + 1) % self._train.accumulate == 0
        own = tf.constant(own_share(self._train.embedding_mixup, self._seed, number), tf.float32)
        return float(self._compiled(pictures, targets, own, tf.constant(learning_rate), last))


def own_share(alpha: float, seed: int, step: int) -> float:
    """The share that embeddings keep in a step, Beta(alpha, alpha), the same after any restart; all
    of it for an alpha of 0."""
    return float(np.random.default_rng((seed, step)).beta(alpha, alpha)) if alpha else 1.0
