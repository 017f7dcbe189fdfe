"""Backbones built by name: networks from pictures to feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from tf_happywhale.errors import ConfigError, nearest
from tf_happywhale.models.backbones.efficientnet import efficientnet_features
from tf_happywhale.models.backbones.nfnet import nfnet_features
from tf_happywhale.models.backbones.swin import swin_features
from tf_happywhale.models.backbones.swin_variants import SWINS, Swin
from tf_happywhale.models.backbones.variants import VARIANTS, EfficientNet, NFNet
from tf_happywhale.models.backbones.vit import vit_features
from tf_happywhale.models.backbones.vit_variants import VITS, ViT

FEATURES = ("stage3", "stage4", "final")
NORMALISE = "normalise"  # the layer that normalises pixels
ARCHITECTURES = {**VARIANTS, **SWINS, **VITS}


def build_backbone(
    name: str, *, features: Sequence[str] = ("final",), drop_path: float = 0.0
) -> keras.Model:
    """Build a backbone: RGB pictures [n, h, w, 3] in 0–255 to feature maps, with random weights.

    Normalising the pixels is its first layer. Pictures may be of any size.

    Args:
        name: a name of `VARIANTS`.
        features: which maps, of `FEATURES`: `stage3` [n, ⌈h/16⌉, ⌈w/16⌉, c] and `stage4`
            [n, ⌈h/32⌉, ⌈w/32⌉, c] are timm's `features_only` maps 3 and 4, `final` its
            `forward_features`.
        drop_path: largest probability of leaving out a residual branch in training.

    Returns:
        A model with one output, or a list of them, as in `features`; see `take_features`.

    Raises:
        ConfigError: there is no backbone of that name.
    """
    if name not in VARIANTS:
        raise ConfigError(f"There is no backbone {name!r}: {nearest(name, VARIANTS)}.")
    return build_variant(VARIANTS[name], features=features, drop_path=drop_path, name=name)


def build_variant(
    variant: EfficientNet | NFNet | Swin,
    *,
    features: Sequence[str] = ("final",),
    drop_path: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Build a backbone of an architecture that may be missing in `VARIANTS`. A Swin's pictures have
    the architecture's size."""
    pictures, x = _normalised(variant)
    makers = {EfficientNet: efficientnet_features, NFNet: nfnet_features, Swin: swin_features}
    maps = makers[type(variant)](x, variant, drop_path)
    whole = keras.Model(pictures, [maps[feature] for feature in FEATURES], name=name)
    return take_features(whole, features)


def build_vit(variant: ViT, *, name: str | None = None) -> keras.Model:
    """Build a vision transformer but for its last block, which `vit_embedding` adds: RGB pictures
    [n, size, size, 3] in 0–255 to what `vit_features` returns, with random weights."""
    pictures, x = _normalised(variant)
    return keras.Model(pictures, vit_features(x, variant), name=name)


def side_of(variant: EfficientNet | NFNet | Swin | ViT) -> int | None:
    """Return the side of the pictures that an architecture is for; None: of any."""
    return variant.size if isinstance(variant, (Swin, ViT)) else None


def take_features(whole: keras.Model, features: Sequence[str]) -> keras.Model:
    """Return the part of a backbone that some of `FEATURES` need; it shares the layers.

    One feature gives a model with one output, several give a list in the same order.
    """
    chosen = [whole.outputs[FEATURES.index(feature)] for feature in features]
    return keras.Model(whole.input, chosen[0] if len(chosen) == 1 else chosen, name=whole.name)


def _normalised(
    variant: EfficientNet | NFNet | Swin | ViT,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return an architecture's pictures in 0–255, and the same with normalised pixels."""
    side = side_of(variant)
    pictures = keras.Input((side, side, 3), name="picture")
    mean, std = variant.mean_std
    scale = [1 / (255 * s) for s in std]
    offset = [-m / s for m, s in zip(mean, std, strict=True)]
    return pictures, keras.layers.Rescaling(scale, offset, name=NORMALISE)(pictures)
