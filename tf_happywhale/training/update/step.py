"""A training step as the loop calls it, on any backend."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_happywhale.config import Train


class Step:
    """Training step that calls the compiled step, and knows when gradients are applied.

    Args:
        one: takes a batch, the share of mixed embeddings, the learning rate, and whether gradients
            are applied.
        several: takes as many batches as are given, and arrays [k] of the others.
        state: see below.
        train: how to train.
        seed: of the share of mixed embeddings.
        steps: of the whole run; the last one applies what is left. None: not known.

    Attributes:
        state: what a checkpoint must hold: the sums of gradients that are not yet applied, and the
            number of steps in them.
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
        """Take step `number` of the run, counted from 0, on a batch. Return its loss; NaN if the
        loss or a gradient was not finite and nothing has changed."""
        own = tf.constant(self._own(number), tf.float32)
        rate = tf.constant(learning_rate)
        return float(self._one((pictures, targets), own, rate, self._last(number)))

    def together(self, number: int, batches: list[tuple], rates: list[float]) -> list[float]:
        """Take the steps from `number` on in one call, each on its batch of pictures and targets
        and at its learning rate. The batches have one shape. Return the losses, as single steps
        do."""
        numbers = range(number, number + len(batches))
        own = np.array([self._own(each) for each in numbers], np.float32)
        last = np.array([self._last(each) for each in numbers])
        losses = self._several(tuple(batches), own, np.array(rates, np.float32), last)
        return [float(loss) for loss in np.asarray(losses)]

    def _own(self, number: int) -> float:
        return own_share(self._train.embedding_mixup, self._seed, number)

    def _last(self, number: int) -> bool:
        """Return whether a step is the last of those whose gradients are applied together."""
        return (number + 1) % self._train.accumulate == 0 or number + 1 == self._steps


def own_share(alpha: float, seed: int, step: int) -> float:
    """Return the share of its own that a mixed embedding keeps in a step: drawn from Beta(alpha,
    alpha), the same after any restart; 1 for an alpha of 0."""
    return float(np.random.default_rng((seed, step)).beta(alpha, alpha)) if alpha else 1.0
