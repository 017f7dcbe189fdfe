"""Where arrays lie among JAX's devices, and a Keras model as a function on all of them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import keras
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def rows(axis: int = 0) -> NamedSharding:
    """One axis cut into equal parts, one for each device."""
    return NamedSharding(_mesh(), PartitionSpec(*[None] * axis, "batch"))


def everywhere() -> NamedSharding:
    """The same on every device."""
    return NamedSharding(_mesh(), PartitionSpec())


def forward_of(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """A model, with the weights it has now, as a function of pictures uint8 [n, h, w, 3] to float32
    [n, d], spread over all devices; black pictures fill them up evenly and are left out again."""
    weights, fixed = (
        jax.device_put([variable.value for variable in variables], everywhere())
        for variables in (model.trainable_variables, model.non_trainable_variables)
    )

    @jax.jit
    def compiled(weights: list, fixed: list, pictures: jax.Array) -> jax.Array:
        return model.stateless_call(weights, fixed, pictures, training=False)[0]

    def forward(pictures: np.ndarray) -> np.ndarray:
        missing = -len(pictures) % len(jax.devices())
        filled = np.pad(np.asarray(pictures), [(0, missing), (0, 0), (0, 0), (0, 0)])
        found = compiled(weights, fixed, jax.device_put(filled, rows()))
        return np.asarray(found, np.float32)[: len(pictures)]

    return forward


def _mesh() -> Mesh:
    return Mesh(np.array(jax.devices()), ("batch",))
