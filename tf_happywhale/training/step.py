"""One training step: loss, gradients summed over devices, clipped, applied."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import ops


def batch_loss(classifier: keras.Model, pictures, targets, global_batch: int):
    """Cross-entropy of a device's part of the batch: summed over it, divided by the whole batch.

    Summed over devices this is the mean over the batch. Scalar float32.
    """
    logits = classifier([pictures, targets], training=True)
    each = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    return ops.sum(each) / global_batch


def clip_by_global_norm(gradients: list, largest: float) -> list:
    """Gradients, all scaled down by one factor where their common norm exceeds `largest`."""
    norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    factor = ops.minimum(1.0, largest / ops.maximum(norm, 1e-12))
    return [gradient * factor for gradient in gradients]


def make_step(
    strategy: tf.distribute.Strategy,
    classifier: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    *,
    global_batch: int,
    clip_norm: float,
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """A compiled function of (pictures, targets, learning rate) that updates the classifier.

    It returns the batch's loss, which the caller must check for being finite.
    """
    replicas = strategy.num_replicas_in_sync

    def replica_step(pictures: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = batch_loss(classifier, pictures, targets, global_batch)
        variables = classifier.trainable_variables
        values = [variable.value for variable in variables]
        gradients = tape.gradient(loss, values)
        if replicas > 1:
            # Keras clips before it sums over devices, so the sum is made here. Keras sums once
            # more when it applies: of equal gradients, hence the division.
            context = tf.distribute.get_replica_context()
            loss, *gradients = context.all_reduce("SUM", [loss, *gradients])
        gradients = clip_by_global_norm(gradients, clip_norm)
        if replicas > 1:
            gradients = [gradient / replicas for gradient in gradients]
        optimizer.apply(gradients, variables)
        return loss

    @tf.function
    def step(pictures: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        optimizer.learning_rate.assign(learning_rate)
        losses = strategy.run(replica_step, (pictures, targets))
        return strategy.reduce("MEAN", losses, axis=None)

    return step
