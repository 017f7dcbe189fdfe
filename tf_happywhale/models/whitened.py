"""An embedder that ends in a linear map of its embeddings, learned after it was trained."""

from __future__ import annotations

import keras
import numpy as np

NAME = "whitening"


def add_whitening(embedder: keras.Model, kernel: np.ndarray, bias: np.ndarray) -> keras.Model:
    """The embedder followed by length 1 and x · kernel + bias.

    Args:
        embedder: pictures to embedding [n, d]; its layers are used, not copied.
        kernel, bias: float32 [d, d] and [d]; see `retrieval.whitening`.
    """
    unit = keras.layers.UnitNormalization(dtype="float32", name="unit")(embedder.outputs[0])
    layer = keras.layers.Dense(len(bias), dtype="float32", name=NAME)
    whitened = keras.Model(embedder.inputs, layer(unit), name=embedder.name)
    layer.set_weights([kernel, bias])
    return whitened


def among_embeddings(embedder: keras.Model, centre: np.ndarray) -> np.ndarray:
    """Where a head's centres [c, d] stand among what the embedder gives, float32 [c, d]: they go
    the way that embeddings went after the head was trained on them."""
    if NAME not in {layer.name for layer in embedder.layers}:
        return centre
    lengths = np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-12)
    kernel, bias = embedder.get_layer(NAME).get_weights()
    return (centre / lengths) @ kernel + bias
