"""Several machines (workers) that train one model: which one this is, and what they agree on.

`TF_CONFIG` tells each worker the addresses of all and its own place, as TensorFlow defines it:
`{"cluster": {"worker": ["a:1234", "b:1234"]}, "task": {"type": "worker", "index": 0}}`. The first
one is the chief; only the chief writes files that stay.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import tensorflow as tf

from tf_happywhale.errors import ConfigError, Stopped

EXAMPLE = '{"cluster": {"worker": ["a:1234", "b:1234"]}, "task": {"type": "worker", "index": 0}}'
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)


@dataclass(frozen=True)
class Place:
    """Number of this worker, counted from 0, and of all workers; number 0 is the chief."""

    index: int = 0
    workers: int = 1

    @property
    def chief(self) -> bool:
        return self.index == 0


def place() -> Place:
    """Return what `TF_CONFIG` says; the only worker if it is not set.

    Raises:
        ConfigError: it cannot be read, or contradicts itself.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return Place()
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        chiefs, workers = (len(cluster.get(kind, [])) for kind in ("chief", "worker"))
        kind, index = task.get("type", "worker"), int(task.get("index", 0))
    except (ValueError, AttributeError, TypeError):
        raise ConfigError(f"TF_CONFIG cannot be read: write it as {EXAMPLE}.") from None
    if chiefs + workers <= 1:
        return Place()
    number = index + (chiefs if kind == "worker" else 0)
    if kind not in ("chief", "worker") or not 0 <= number < chiefs + workers:
        raise ConfigError(
            f"TF_CONFIG's task is {kind} {index}, which its cluster of {chiefs + workers} does not "
            f"have: write it as {EXAMPLE}."
        )
    return Place(number, chiefs + workers)


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
