"""A function of arrays, compiled by the library that runs Keras."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays that is compiled for each shape when it is first used.

    Args:
        function: of arrays, by `keras.ops`; returns a tuple of arrays.

    Returns:
        the same function, of NumPy arrays to a tuple of NumPy arrays. Several threads may call it.
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return _to_numpy(jax.jit(function))
    import tensorflow as tf

    whole, known, lock = tf.function(function), {}, Lock()

    def call(*arrays: np.ndarray) -> tuple:
        shapes = tuple(array.shape for array in arrays)
        with lock:
            if shapes not in known:  # asked for by name, since TensorFlow warns of many shapes
                specs = [tf.TensorSpec(array.shape, array.dtype) for array in arrays]
                known[shapes] = whole.get_concrete_function(*specs)
        return known[shapes](*(tf.convert_to_tensor(array) for array in arrays))

    return _to_numpy(call)


def _to_numpy(function: Callable[..., Any]) -> Callable[..., tuple]:
    import keras

    return lambda *arrays: tuple(keras.tree.map_structure(np.asarray, tuple(function(*arrays))))
