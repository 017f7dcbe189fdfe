"""Keras, on TensorFlow or JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tf_happywhale.matching.engines.engine import Compiled


class KerasEngine:
    """The library that runs Keras. TensorFlow compiles a function once, JAX for each shape."""

    name = "keras"

    def __init__(self, precision: str) -> None:
        self.precision = precision

    def compiled(
        self,
        function: Callable[..., Sequence],
        weights: Any,
        widths: Sequence[int],
        exact: bool = False,
    ) -> Compiled:
        """See `Engine`."""
        import keras

        operations = Operations("float32" if exact else self.precision)

        def whole(*arrays: Any) -> tuple:
            return tuple(map(_written, function(operations, weights, *arrays)))

        if keras.backend.backend() == "jax":
            import jax

            ready = jax.jit(whole)
        else:
            import tensorflow as tf

            shapes = [tf.TensorSpec((None, width), tf.float32) for width in widths]
            # Traced here, once: other threads would trace a tf.function again, each time with its
            # own copy of the weights.
            traced = tf.function(whole, input_signature=shapes).get_concrete_function()

            def ready(*arrays: np.ndarray) -> Sequence:
                return traced(*(tf.convert_to_tensor(array, tf.float32) for array in arrays))

        return lambda *arrays: tuple(np.asarray(found) for found in ready(*arrays))


class Operations:
    """`keras.ops`, with products in another precision than the rest.

    What is put together only to be multiplied is so too. Sums of points, norms and GELU are
    float32, which is more exact, and faster on a CPU.
    """

    def __init__(self, precision: str) -> None:
        self._precision = precision

    def __getattr__(self, name: str) -> Any:
        import keras

        return getattr(keras.ops, name)

    def matmul(self, x: Any, y: Any) -> Any:
        return self._ops.matmul(self._short(x), self._short(y))

    def concatenate(self, xs: Sequence, axis: int) -> Any:
        return self._ops.concatenate([self._short(x) for x in xs], axis)

    def layer_normalization(self, x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
        x = self._ops.cast(x, "float32")
        return self._ops.layer_normalization(x, gamma, beta, epsilon=epsilon)

    @property
    def _ops(self) -> Any:
        import keras

        return keras.ops

    def _short(self, x: Any) -> Any:
        return self._ops.cast(x, self._precision)


def _written(array: Any) -> Any:
    """Return floats as float32, which NumPy has."""
    import keras

    real = "float" in keras.backend.standardize_dtype(array.dtype)
    return keras.ops.cast(array, "float32") if real else array
