"""EfficientNet-B0 to B7, as Keras has them."""

from __future__ import annotations

import keras

from tf_happywhale.errors import InputError

EFFICIENTNETS = tuple(f"b{n}" for n in range(8))


def build_efficientnet(name: str, weights: str) -> keras.Model:
    """EfficientNet up to its last activation: pictures [n, h, w, 3] in 0–255 to [n, h/32, w/32, c].

    Pixels are normalised inside, as `keras.applications` does.

    Raises:
        InputError: the ImageNet weights are neither in Keras' cache nor to be downloaded.

    References:
        Tan, Le: EfficientNet, ICML 2019, https://arxiv.org/abs/1905.11946
    """
    build = getattr(keras.applications, f"EfficientNet{name.upper()}")
    chosen = None if weights == "none" else weights
    try:
        return build(include_top=False, weights=chosen, input_shape=(None, None, 3), name=name)
    except Exception as error:
        if chosen is None:
            raise
        raise InputError(
            f"The ImageNet weights of {name} could not be fetched ({error}): go online once, put "
            "the file Keras asks for into ~/.keras/models, or set model.weights=none."
        ) from None
