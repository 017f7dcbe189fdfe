"""Swin transformers: attention inside windows of a feature map, for timm's checkpoints.

Layers are named after timm's modules, so that a checkpoint's tensors find their layers. Every
second block's windows are shifted by half a window, so that what lies in neighbouring windows
meets.

References:
    Liu et al.: Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, ICCV 2021,
    https://arxiv.org/abs/2103.14030
"""

from __future__ import annotations

import keras

from tf_happywhale.models.backbones.efficientnet import drop_branch
from tf_happywhale.models.backbones.swin_variants import Swin
from tf_happywhale.models.layers.layer_norm import LayerNorm
from tf_happywhale.models.layers.window_attention import WindowAttention

EPSILON = 1e-5  # of every LayerNorm
WIDER = 4  # inner channels of a block's perceptron, as a multiple of its channels


def swin_features(
    x: keras.KerasTensor, variant: Swin, drop_path: float
) -> dict[str, keras.KerasTensor]:
    """Return the feature maps of normalised pictures [n, size, size, 3], by name.

    `stage3` and `stage4` are the outputs of the last two stages, at 1/16 and 1/32 of the side.
    `final` is `stage4` after its norm. The probability with which residual branches are dropped
    grows from 0 to `drop_path`.
    """
    patch = variant.patch
    x = keras.layers.Conv2D(variant.channels, patch, patch, name="patch_embed.proj")(x)
    x = _norm(x, "patch_embed.norm")
    last_block = max(1, sum(variant.depths) - 1)
    done, maps = 0, []
    for number, (count, heads) in enumerate(zip(variant.depths, variant.heads, strict=True)):
        if number > 0:
            x = _merge(x, f"layers.{number}.downsample")
        for repeat in range(count):
            shift = variant.window // 2 if repeat % 2 else 0
            attention = WindowAttention(
                heads, variant.window, shift, name=f"layers.{number}.blocks.{repeat}.attn"
            )
            drop = drop_path * done / last_block
            x = _block(x, attention, drop, f"layers.{number}.blocks.{repeat}")
            done += 1
        maps.append(x)
    return {"stage3": maps[-2], "stage4": maps[-1], "final": _norm(x, "norm")}


def _block(
    x: keras.KerasTensor, attention: WindowAttention, drop_path: float, name: str
) -> keras.KerasTensor:
    """Add attention, and then a perceptron of each cell; each has a shortcut."""
    seen = drop_branch(attention(_norm(x, f"{name}.norm1")), drop_path, f"{name}.attn")
    x = keras.layers.Add(name=f"{name}.add1")([x, seen])
    channels = x.shape[-1]
    y = _norm(x, f"{name}.norm2")
    y = keras.layers.Dense(WIDER * channels, activation="gelu", name=f"{name}.mlp.fc1")(y)
    y = keras.layers.Dense(channels, name=f"{name}.mlp.fc2")(y)
    y = drop_branch(y, drop_path, f"{name}.mlp")
    return keras.layers.Add(name=f"{name}.add2")([x, y])


def _merge(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Join every 2×2 cells to one of twice as many channels; the left column comes first."""
    _, height, width, channels = x.shape
    x = keras.layers.Reshape((height // 2, 2, width // 2, 2, channels), name=f"{name}.split")(x)
    x = keras.layers.Permute((1, 3, 4, 2, 5), name=f"{name}.order")(x)
    x = keras.layers.Reshape((height // 2, width // 2, 4 * channels), name=f"{name}.join")(x)
    x = _norm(x, f"{name}.norm")
    return keras.layers.Dense(2 * channels, use_bias=False, name=f"{name}.reduction")(x)


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return LayerNorm(epsilon=EPSILON, name=name)(x)
