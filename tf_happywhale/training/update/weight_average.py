"""A moving average of the weights, which is validated and saved instead of the last weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


class WeightAverage:
    """Exponential moving average of a model's trainable variables.

    The decay is warmed up as (1 + n) / (10 + n) after n updates, so that the start is soon
    forgotten. BatchNorm's statistics are moving averages already and are left as they are.

    Args:
        variables: the weights that are averaged.
        decay: the share of the old average that each update keeps.

    References:
        Polyak, Juditsky: Acceleration of Stochastic Approximation by Averaging, 1992
    """

    def __init__(self, variables: list[keras.Variable], decay: float) -> None:
        self.decay, self._variables = decay, variables
        own = {"trainable": False, "aggregation": "only_first_replica"}  # replicas hold the same
        self._updates = keras.Variable(0.0, **own)
        # As tensors, since Keras would not copy the values of variables.
        starts = [keras.ops.convert_to_tensor(variable) for variable in variables]
        self._averages = [keras.Variable(start, **own) for start in starts]

    @property
    def state(self) -> list[keras.Variable]:
        """The variables that a checkpoint must hold."""
        return [self._updates, *self._averages]

    def update(self) -> None:
        """Add the variables' present values to the average, also inside a compiled step."""
        done = self._updates + 1.0
        self._updates.assign(done)
        keep = keras.ops.minimum(self.decay, (1.0 + done) / (10.0 + done))
        for average, variable in zip(self._averages, self._variables, strict=True):
            average.assign(average + (variable - average) * (1.0 - keep))

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Let the variables hold the average inside the context, and their own values after it."""
        held = [keras.ops.convert_to_numpy(variable) for variable in self._variables]
        for variable, average in zip(self._variables, self._averages, strict=True):
            variable.assign(average)
        try:
            yield
        finally:
            for variable, value in zip(self._variables, held, strict=True):
                variable.assign(value)
