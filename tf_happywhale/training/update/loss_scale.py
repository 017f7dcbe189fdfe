"""The factor that keeps small gradients above float16's smallest number."""

from __future__ import annotations

import keras
from keras import ops

START = 2.0**15
GROWS_AFTER = 2000  # finite steps


class LossScale:
    """A factor on the loss. It halves at every step that is not finite, and doubles after 2,000
    steps that are. Where it is not needed it is 1 and has no state.

    Args:
        precision: that of the backbone; only float16 needs the factor.

    References:
        Micikevicius et al.: Mixed Precision Training, ICLR 2018, https://arxiv.org/abs/1710.03740
    """

    def __init__(self, precision: str) -> None:
        self.state: list[keras.Variable] = []
        if precision == "float16":
            own = {"trainable": False, "aggregation": "only_first_replica"}
            self.state = [keras.Variable(START, **own), keras.Variable(0.0, **own)]

    @property
    def factor(self):
        """The loss is multiplied by it, and the gradients are divided by it."""
        return ops.convert_to_tensor(self.state[0]) if self.state else 1.0

    def may_fall(self):
        """Return whether the factor alone may be why a step is not finite."""
        return self.factor > 1.0 if self.state else False

    def took(self, finite: bool) -> None:
        """Update the factor after a step that was finite, or not."""
        if not self.state:
            return
        factor, steps = (ops.convert_to_tensor(variable) for variable in self.state)
        if finite:
            full = steps + 1.0 >= GROWS_AFTER
            factor = ops.where(full, factor * 2.0, factor)
            steps = ops.where(full, 0.0, steps + 1.0)
        else:
            factor, steps = ops.maximum(factor / 2.0, 1.0), 0.0
        for variable, value in zip(self.state, (factor, steps), strict=True):
            variable.assign(value)
