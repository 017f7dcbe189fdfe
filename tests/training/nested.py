"""A small embedder whose backbone is a network of its own, with what training moves in it."""

from __future__ import annotations

import keras

from tf_happywhale.config import Model
from tf_happywhale.models.layers.gem import GeM


def nested(settings: Model) -> keras.Model:
    """As `build_embedder`: the backbone has a BatchNorm, and a Dropout with its random state."""
    inside = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(inside)
    x = keras.layers.BatchNormalization(momentum=0.9)(keras.layers.Conv2D(8, 3, strides=4)(x))
    x = keras.layers.Dropout(0.5)(keras.layers.Activation("relu")(x))
    backbone = keras.Model(inside, x, name="backbone")
    pictures = keras.Input((None, None, 3), name="picture")
    x = GeM(settings.gem_p, name="gem")(backbone(pictures))
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float32", name="neck")(x)
    x = keras.layers.Dense(settings.embedding_size, dtype="float32", name="embedding")(x)
    return keras.Model(pictures, x, name="embedder")
