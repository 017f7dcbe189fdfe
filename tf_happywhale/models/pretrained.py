"""A backbone with published weights, or with those of a model of this package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from tf_happywhale.models.backbones.build import FEATURES, build_variant, take_features
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.published import load_weights
from tf_happywhale.models.weights.run_weights import is_own
from tf_happywhale.models.weights.start_pixels import with_pixels_of
from tf_happywhale.models.weights.trained_here import fill_backbone
from tf_happywhale.models.weights.weight_names import find_weights


def pretrained_backbone(
    name: str,
    weights: str = "default",
    *,
    features: Sequence[str] = ("final",),
    drop_path: float = 0.0,
) -> keras.Model:
    """Build a backbone, and fill it with weights (see `weights/weight_names.py`). With those of a
    model it normalises pixels as that model does.

    Example:
        >>> network = pretrained_backbone("lite0")
        >>> network(keras.ops.zeros((1, 160, 160, 3))).shape
        (1, 5, 5, 1280)

    Raises:
        ConfigError: there is no backbone or no weights of that name.
        InputError: the weights cannot be fetched or do not fit.
    """
    address = find_weights(name, weights)
    variant = VARIANTS[name]
    if is_own(address):
        variant = with_pixels_of(variant, Path(address))
    whole = build_variant(variant, features=FEATURES, drop_path=drop_path, name=name)
    network = take_features(whole, features)
    if is_own(address):
        fill_backbone(network, Path(address))
    elif address is not None:
        load_weights(whole, address)
    return network


def mean_pooled(name: str, weights: str = "default") -> keras.Model:
    """Return a backbone with weights whose last map is averaged: RGB pictures [n, h, w, 3] in 0–255
    to embedding [n, c] float32. Errors: see `pretrained_backbone`."""
    network = pretrained_backbone(name, weights)
    pool = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")
    return keras.Model(network.input, pool(network.output), name="embedder")
