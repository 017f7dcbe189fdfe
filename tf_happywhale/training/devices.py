"""The tf.distribute strategy for the devices that are there."""

from __future__ import annotations

import tensorflow as tf

from tf_happywhale.errors import ConfigError


def choose_strategy() -> tf.distribute.Strategy:
    """MirroredStrategy over all GPUs where there are several, else the one GPU or the CPU."""
    gpus = tf.config.list_logical_devices("GPU")
    if len(gpus) > 1:
        return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])
    return tf.distribute.OneDeviceStrategy(gpus[0].name if gpus else "/cpu:0")


def describe(strategy: tf.distribute.Strategy) -> str:
    """The strategy in words, for a person."""
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return f"{strategy.num_replicas_in_sync} {kind} ({type(strategy).__name__})"


def check_batch(batch_size: int, replicas: int) -> None:
    """Refuse a batch that the devices do not divide evenly.

    Raises:
        ConfigError: with the nearest sizes that would do.
    """
    if batch_size % replicas:
        lower = batch_size // replicas * replicas
        fits = ", ".join(str(size) for size in (lower, lower + replicas) if size)
        raise ConfigError(
            f"train.batch_size is {batch_size}, which {replicas} devices do not divide evenly: "
            f"take {fits}."
        )
