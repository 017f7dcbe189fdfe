"""An embedder with a whitening layer at its end, which is learned after training."""

from __future__ import annotations

import keras
import numpy as np

NAME = "whitening"


def add_whitening(embedder: keras.Model, kernel: np.ndarray, bias: np.ndarray) -> keras.Model:
    """Return the embedder followed by L2 normalisation and x · kernel + bias.

    Args:
        embedder: pictures to embedding [n, d]; its layers are shared.
        kernel, bias: float32 [d, d] and [d]; see `training/whitening.py`.
    """
    unit = keras.layers.UnitNormalization(dtype="float32", name="unit")(embedder.outputs[0])
    layer = keras.layers.Dense(len(bias), dtype="float32", name=NAME)
    whitened = keras.Model(embedder.inputs, layer(unit), name=embedder.name)
    layer.set_weights([kernel, bias])
    return whitened


def among_embeddings(embedder: keras.Model, centre: np.ndarray) -> np.ndarray:
    """Return a head's centres [c, d] in the space of the embedder's output, float32 [c, d].

    The head was trained before the embedder got its whitening layer, so its centres go through that
    layer too.
    """
    if NAME not in {layer.name for layer in embedder.layers}:
        return centre
    lengths = np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-12)
    kernel, bias = embedder.get_layer(NAME).get_weights()
    return (centre / lengths) @ kernel + bias
