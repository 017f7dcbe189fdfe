"""A network in place of the real ones, where what it sees does not matter."""

from __future__ import annotations

import keras

from tf_happywhale.config import Model
from tf_happywhale.models.layers.gem import GeM


def build(settings: Model) -> keras.Model:
    """As `build_embedder`."""
    pictures = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    x = GeM(settings.gem_p)(keras.layers.Conv2D(8, 3, strides=4, activation="relu")(x))
    return keras.Model(pictures, keras.layers.Dense(settings.embedding_size)(x), name="embedder")
