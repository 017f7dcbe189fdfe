"""Backbones by name: networks from pictures to a feature map."""

from __future__ import annotations

import keras

from tf_happywhale.errors import ConfigError
from tf_happywhale.models.backbones.efficientnet import EFFICIENTNETS, build_efficientnet
from tf_happywhale.models.backbones.lite import build_lite0

BACKBONES = ("lite0", *EFFICIENTNETS)


def build_backbone(name: str, weights: str) -> keras.Model:
    """A backbone of RGB pictures [n, h, w, 3] in 0–255 to features [n, h/32, w/32, c].

    Args:
        name: one of `BACKBONES`.
        weights: `imagenet`, or `none` for random ones.

    Raises:
        ConfigError: there is no backbone of that name.
        InputError: the weights cannot be had.
    """
    if name == "lite0":
        return build_lite0(weights)
    if name in EFFICIENTNETS:
        return build_efficientnet(name, weights)
    raise ConfigError(f"There is no backbone {name!r}: choose one of {', '.join(BACKBONES)}.")
