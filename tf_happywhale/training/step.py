"""One training step: loss, gradients summed over devices, clipped, applied."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.average import WeightAverage
from tf_happywhale.training.loss import Loss
from tf_happywhale.training.optimizer import Optimizers


def clip_by_global_norm(gradients: list, largest: float) -> list:
    """Gradients, all scaled down by one factor where their common norm exceeds `largest`."""
    norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    factor = ops.minimum(1.0, largest / ops.maximum(norm, 1e-12))
    return [gradient * factor for gradient in gradients]


def clip_adaptively(gradients: list, variables: list, share: float) -> list:
    """Gradients, those of each filter scaled down to a share of the filter's own norm.

    A filter is what makes one output: a column of a kernel, a channel of a depthwise one, a whole
    vector or number elsewhere. Norms of filters count as at least 1e-3, so that one that starts at
    zero can leave it. The head's centres are left alone, as in the paper.

    References:
        Brock et al.: High-Performance Large-Scale Image Recognition Without Normalization, ICML
        2021, https://arxiv.org/abs/2102.06171
    """
    clipped = []
    for gradient, variable in zip(gradients, variables, strict=True):
        if variable.name == "centre":
            clipped.append(gradient)
            continue
        rank = len(variable.shape)
        depthwise = rank == 4 and variable.shape[-1] == 1
        axes = (0, 1, 3) if depthwise else tuple(range(rank - 1)) if rank > 1 else None
        largest = share * ops.maximum(_norms(ops.convert_to_tensor(variable), axes), 1e-3)
        norm = ops.maximum(_norms(gradient, axes), 1e-6)
        clipped.append(gradient * ops.minimum(1.0, largest / norm))
    return clipped


def _norms(values, axes):
    return ops.sqrt(ops.sum(ops.square(values), axis=axes, keepdims=axes is not None))


def make_step(
    strategy: tf.distribute.Strategy,
    classifier: keras.Model,
    optimizers: Optimizers,
    train: Train,
    loss: Loss,
    average: WeightAverage | None = None,
    seed: int = 0,
) -> Step:
    """A compiled step that updates the classifier.

    The targets are int [n], or of mixed pictures as `Loss.each` takes them. With `train.accumulate`
    only every so many calls update it, by the mean of their gradients. With `train.embedding_mixup`
    embeddings are mixed, by a share that is a function of (seed, step). A step whose loss or
    gradients are not finite leaves no trace, in the BatchNorms' statistics neither. The classifier,
    the optimizers and the average must have been made inside the strategy's scope.
    """
    replicas = strategy.num_replicas_in_sync
    variables = classifier.trainable_variables
    with strategy.scope():
        sums = [
            keras.Variable(
                ops.zeros_like(variable), trainable=False, aggregation="only_first_replica"
            )
            for variable in (variables if train.accumulate > 1 else [])
        ]

    def gradients_of(pictures: tf.Tensor, targets: tf.Tensor, own: tf.Tensor) -> tuple:
        """Loss, gradients, and what the forward pass has moved, as it was before."""
        held = [tf.identity(variable.value) for variable in classifier.non_trainable_variables]
        with tf.GradientTape() as tape:
            # Summed over the devices this is the mean over the batch.
            share = own if train.embedding_mixup else None
            each = loss.each(classifier, pictures, targets, share)
            part = ops.sum(each) / train.batch_size
        gradients = tape.gradient(part, [variable.value for variable in variables])
        if replicas > 1:
            # Keras clips before it sums over devices, so the sum is made here.
            context = tf.distribute.get_replica_context()
            part, *gradients = context.all_reduce("SUM", [part, *gradients])
        # One number that is finite if all are.
        whole = part + tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])
        return part, whole, gradients, held

    def update(gradients: list, learning_rate: tf.Tensor) -> None:
        if train.adaptive_clip is not None:
            gradients = clip_adaptively(gradients, variables, train.adaptive_clip)
        gradients = clip_by_global_norm(gradients, train.clip_norm)
        # Keras sums over devices when it applies: gradients that are equal there already.
        gradients = [gradient / replicas for gradient in gradients]
        optimizers.apply(gradients, learning_rate)
        if average is not None:
            average.update()

    def take(gradients: list, learning_rate: tf.Tensor, last: bool) -> None:
        if sums:
            share = 1 / train.accumulate
            gradients = [
                total + gradient * share for total, gradient in zip(sums, gradients, strict=True)
            ]
            for total, gradient in zip(sums, gradients, strict=True):
                total.assign(ops.zeros_like(gradient) if last else gradient)
        if last:
            update(gradients, learning_rate)

    def undo(held: list, last: bool) -> None:
        for variable, value in zip(classifier.non_trainable_variables, held, strict=True):
            variable.assign(value)
        for total in sums if last else []:
            total.assign(ops.zeros_like(total))

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
        # Outside the replicas, since the optimizers' sum over them must not stand in a condition.
        if tf.math.is_finite(whole):
            strategy.run(take, (gradients, learning_rate, last))
        else:
            strategy.run(undo, (held, last))
        return tf.where(tf.math.is_finite(whole), mean, float("nan"))

    return Step(compiled, sums, train, seed)


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
