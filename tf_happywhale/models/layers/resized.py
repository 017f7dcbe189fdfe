"""Pictures resized inside a network."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class Resized(keras.layers.Layer):
    """Resizes pictures by a factor, bilinear; sides are rounded to whole pixels.

    Args:
        times: the factor, above 0.

    Input: pictures [n, h, w, c]. Output: [n, times·h, times·w, c] float.

    Example:
        >>> Resized(1.5)(keras.ops.ones((2, 8, 4, 3))).shape
        (2, 12, 6, 3)
    """

    def __init__(self, times: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.times = float(times)

    def call(self, pictures):
        # Two products, because Keras' resize cannot take sides that are tensors.
        height, width = ops.shape(pictures)[1:3]
        pictures = ops.cast(pictures, self.compute_dtype)
        rows = ops.cast(_shares(height, self._length(height)), self.compute_dtype)
        columns = ops.cast(_shares(width, self._length(width)), self.compute_dtype)
        return ops.einsum("qw,nhwc->nhqc", columns, ops.einsum("ph,nhwc->npwc", rows, pictures))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        count, height, width, channels = input_shape
        return (count, self._length(height), self._length(width), channels)

    def _length(self, side):
        """Return the new length of a side, which may be a tensor."""
        if side is None:
            return None
        if isinstance(side, int):
            return max(int(side * self.times + 0.5), 1)
        return ops.maximum(ops.cast(ops.cast(side, "float32") * self.times + 0.5, "int32"), 1)

    def get_config(self) -> dict:
        return {**super().get_config(), "times": self.times}


def _shares(side, wanted):
    """Return the share of each old pixel in each new one, float32 [wanted, side]."""
    ratio = ops.cast(side, "float32") / ops.cast(wanted, "float32")
    place = (ops.arange(wanted, dtype="float32") + 0.5) * ratio - 0.5
    place = ops.clip(place, 0.0, ops.cast(side, "float32") - 1.0)
    return ops.relu(1.0 - ops.abs(place[:, None] - ops.arange(side, dtype="float32")[None]))
