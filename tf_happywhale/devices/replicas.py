"""Cut batches for the replicas of a TensorFlow strategy, and run a Keras model on all of them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


def here(strategy: tf.distribute.Strategy) -> int:
    """Return how many of a strategy's replicas are on this machine."""
    return len(strategy.extended.worker_devices)


def cut(strategy: tf.distribute.Strategy, batch):
    """Cut the rows of this machine's tensors, in any structure, into one equal part for each of its
    replicas. Their number must divide the number of rows.

    TensorFlow's distributed data sets are not used: their autotuning thread delays the end of an
    epoch (see records/pipeline.py), and several workers would ask each other before each batch
    whether there is one.
    """
    count = here(strategy)
    if count == 1:
        return batch

    def part(context: tf.distribute.experimental.ValueContext):
        number = context.replica_id_in_sync_group % count
        return tf.nest.map_structure(lambda each: tf.split(each, count)[number], batch)

    return strategy.experimental_distribute_values_from_function(part)


def forward_of(
    model: keras.Model, strategy: tf.distribute.Strategy
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a model as a function of pictures uint8 [n, h, w, 3] to float32 [n, d], on all devices
    of this machine. Of several workers each embeds what it is given.

    Black pictures fill the batch up until the devices divide it; they are left out of the result.
    The model must have been made inside the strategy's scope.
    """
    count = here(strategy)

    @tf.function
    def compiled(pictures):
        return strategy.run(lambda own: model(own, training=False), (pictures,))

    def forward(pictures: np.ndarray) -> np.ndarray:
        missing = -len(pictures) % count
        filled = np.pad(pictures, [(0, missing), (0, 0), (0, 0), (0, 0)])
        parts = strategy.experimental_local_results(compiled(cut(strategy, tf.constant(filled))))
        return np.concatenate(parts)[: len(pictures)].astype(np.float32)

    return forward
