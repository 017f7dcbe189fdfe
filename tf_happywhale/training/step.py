"""One training step: loss, gradients summed over devices, clipped, applied."""

from __future__ import annotations

from collections.abc import Callable

import keras
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
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """A compiled function of (pictures, targets, learning rate) that updates the classifier.

    The targets are int [n], or of mixed pictures as `Loss.each` takes them. With `train.accumulate`
    k only every k-th call updates it, by the mean of k gradients. The classifier, the optimizers
    and the average must have been made inside the strategy's scope.

    Returns:
        The function. It returns the batch's loss, which the caller must check for being finite.
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

    def gradients_of(pictures: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, list]:
        with tf.GradientTape() as tape:
            # Summed over the devices this is the mean over the batch.
            each = loss.each(classifier, pictures, targets)
            part = ops.sum(each) / train.batch_size
        gradients = tape.gradient(part, [variable.value for variable in variables])
        if replicas > 1:
            # Keras clips before it sums over devices, so the sum is made here.
            context = tf.distribute.get_replica_context()
            part, *gradients = context.all_reduce("SUM", [part, *gradients])
        return part, gradients

    def update(gradients: list, learning_rate: tf.Tensor) -> None:
        if train.adaptive_clip is not None:
            gradients = clip_adaptively(gradients, variables, train.adaptive_clip)
        gradients = clip_by_global_norm(gradients, train.clip_norm)
        # Keras sums over devices when it applies: gradients that are equal there already.
        gradients = [gradient / replicas for gradient in gradients]
        optimizers.apply(gradients, learning_rate)
        if average is not None:
            average.update()

    def replica_step(
        pictures: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor, last: bool
    ) -> tf.Tensor:
        part, gradients = gradients_of(pictures, targets)
        if sums:
            share = 1 / train.accumulate
            gradients = [
                total + gradient * share for total, gradient in zip(sums, gradients, strict=True)
            ]
            for total, gradient in zip(sums, gradients, strict=True):
                total.assign(ops.zeros_like(gradient) if last else gradient)
        if last:
            update(gradients, learning_rate)
        return part

    @tf.function
    def compiled(
        pictures: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor, last: bool
    ) -> tf.Tensor:
        losses = strategy.run(replica_step, (pictures, targets, learning_rate, last))
        return strategy.reduce("MEAN", losses, axis=None)

    done = 0

    def step(pictures: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        nonlocal done
        done += 1
        return compiled(pictures, targets, learning_rate, done % train.accumulate == 0)

    return step
