"""Where arrays lie among JAX's devices, and a Keras model as a function on all of them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import keras
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def rows(axis: int = 0) -> NamedSharding:
    """Return the layout in which one axis is cut into equal parts, one for each device."""
    return NamedSharding(_mesh(), PartitionSpec(*[None] * axis, "batch"))


def everywhere() -> NamedSharding:
    """Return the layout in which the same array lies on every device."""
    return NamedSharding(_mesh(), PartitionSpec())


def forward_of(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """Return a model as a function of pictures uint8 [n, h, w, 3] to float32 [n, d], spread over
    all devices. It uses the weights that the model has when it is called. Black pictures fill the
    batch up for the devices, and are left out of the result."""
    groups = (model.trainable_variables, model.non_trainable_variables)
    taken: list[jax.Array] = []  # the arrays that the variables held
    spread: list[list[jax.Array]] = []  # the same on every device

    @jax.jit
    def compiled(weights: list, fixed: list, pictures: jax.Array) -> jax.Array:
        return model.stateless_call(weights, fixed, pictures, training=False)[0]

    def weights_now() -> list[list[jax.Array]]:
        nonlocal taken, spread
        values = [[variable.value for variable in group] for group in groups]
        flat = [value for group in values for value in group]
        if len(taken) != len(flat) or any(a is not b for a, b in zip(taken, flat, strict=True)):
            taken, spread = flat, [jax.device_put(group, everywhere()) for group in values]
        return spread

    def forward(pictures: np.ndarray) -> np.ndarray:
        missing = -len(pictures) % len(jax.devices())
        filled = np.pad(np.asarray(pictures), [(0, missing), (0, 0), (0, 0), (0, 0)])
        found = compiled(*weights_now(), jax.device_put(filled, rows()))
        return np.asarray(found, np.float32)[: len(pictures)]

    return forward


def _mesh() -> Mesh:
    return Mesh(np.array(jax.devices()), ("batch",))
