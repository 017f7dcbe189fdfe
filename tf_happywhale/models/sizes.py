"""An embedder that sees every picture in several sizes."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from tf_happywhale.models.layers.resized import Resized


def at_sizes(embedder: keras.Model, sizes: Sequence[float]) -> keras.Model:
    """Return an embedder that gives the mean embedding over several sizes of the picture.

    Each of the embeddings has length 1. A network finds the marks of an animal best at the size at
    which it learned them. A mean over near sizes depends less on the size of the animal.

    Args:
        embedder: pictures [n, h, w, 3] to embedding [n, d]; its layers are shared.
        sizes: factors on the sides of the picture, such as 0.94, 1 and 1.09.
    """
    pictures = keras.Input((None, None, 3), name="picture")
    unit = keras.layers.UnitNormalization(dtype="float32", name="unit_each")
    each = []
    for number, times in enumerate(sizes):
        resized = Resized(times, dtype="float32", name=f"resized{number}")
        each.append(unit(embedder(pictures if times == 1 else resized(pictures))))
    mean = keras.layers.Average(dtype="float32", name="mean")(each) if len(each) > 1 else each[0]
    return keras.Model(pictures, mean, name=embedder.name)


def one_size(embedder: keras.Model) -> keras.Model:
    """Return the embedder inside one made by `at_sizes`, or else the embedder itself."""
    networks = [layer for layer in embedder.layers if isinstance(layer, keras.Model)]
    return next((layer for layer in networks if layer.name == "embedder"), embedder)
