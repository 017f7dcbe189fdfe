"""What several machines (workers) that train one model agree on; `place.py` says which this is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import tensorflow as tf

from tf_happywhale.devices.place import Place
from tf_happywhale.errors import ConfigError, Stopped

GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)


@cache
def strategy_of_workers() -> tf.distribute.Strategy:
    """Return the strategy over all workers, which wait here for each other. It is made once.

    Raises:
        ConfigError: TensorFlow has done other work before in this process.
    """
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"Several workers (TF_CONFIG) cannot start here ({reason}): run `python -m "
            "tf_happywhale.train` in its own process."
        ) from None


def any_worker(strategy: tf.distribute.Strategy, flag: bool) -> bool:
    """Return whether any worker calls this with True. All of them have to call it."""
    return float(_mean(strategy)(tf.constant(float(flag), tf.float64))) > 0


def check_same_start(strategy: tf.distribute.Strategy, step: int) -> None:
    """Check that all workers resume from the same step. All of them have to call this.

    Raises:
        ConfigError: they do not, since they see different checkpoints.
    """
    if float(_mean(strategy)(tf.constant(step, tf.float64))) != step:
        raise ConfigError(
            f"This worker would resume at step {step} and another at a different one: set output "
            "to a folder that all workers share."
        )


@contextmanager
def others_may_go(here: Place) -> Iterator[None]:
    """Stop this worker if another one has ended.

    Raises:
        Stopped: another worker is gone.
    """
    try:
        yield
    except GONE:
        if here.workers == 1:
            raise
        raise Stopped(
            "because another worker is gone: start all of them again; they resume from the last "
            "checkpoint."
        ) from None


@cache
def _mean(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    @tf.function
    def mean(value: tf.Tensor) -> tf.Tensor:
        return strategy.reduce("MEAN", strategy.run(tf.identity, (value,)), axis=None)

    return mean
