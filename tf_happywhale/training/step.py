"""One training step: loss, gradients summed over devices, clipped, applied."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import ops

from tf_happywhale.training.mixed_loss import mixed_loss


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
    optimizer: keras.optimizers.Optimizer,
    *,
    global_batch: int,
    clip_norm: float,
    adaptive_clip: float | None = None,
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """A compiled function of (pictures, targets, learning rate) that updates the classifier.

    The targets are int [n], or of mixed pictures as `mixed_loss` takes them. It returns the batch's
    loss, which the caller must check for being finite.
    """
    replicas = strategy.num_replicas_in_sync

    def replica_step(pictures: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            # Mixed pictures have two targets each, and a share.
            of_batch = mixed_loss if isinstance(targets, tuple) else batch_loss
            loss = of_batch(classifier, pictures, targets, global_batch)
        variables = classifier.trainable_variables
        values = [variable.value for variable in variables]
        gradients = tape.gradient(loss, values)
        if replicas > 1:
            # Keras clips before it sums over devices, so the sum is made here. Keras sums once
            # more when it applies: of equal gradients, hence the division.
            context = tf.distribute.get_replica_context()
            loss, *gradients = context.all_reduce("SUM", [loss, *gradients])
        if adaptive_clip is not None:
            gradients = clip_adaptively(gradients, variables, adaptive_clip)
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
