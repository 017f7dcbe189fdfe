"""EfficientNet, EfficientNet-lite and EfficientNetV2, for timm's checkpoints.

Layers are named after timm's modules, so that a checkpoint's tensors find their layers. The kinds
of block:

- `conv`: one convolution;
- `depthwise`: depthwise convolution, then 1×1 to the output;
- `inverted`: 1×1 expansion, depthwise convolution, 1×1 to the output;
- `fused`: the expansion and the spatial convolution in one, then 1×1 to the output.

References:
    Tan, Le: EfficientNet, ICML 2019, https://arxiv.org/abs/1905.11946
    Tan, Le: EfficientNetV2, ICML 2021, https://arxiv.org/abs/2104.00298
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras

from tf_happywhale.models.backbones.variants import EfficientNet, Stage
from tf_happywhale.models.layers.activation import FastActivation
from tf_happywhale.models.layers.depthwise import DepthwiseConv
from tf_happywhale.models.layers.norm import BatchNorm
from tf_happywhale.models.layers.squeeze_excite import SqueezeExcite

START = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")


def efficientnet_features(
    x: keras.KerasTensor, variant: EfficientNet, drop_path: float
) -> dict[str, keras.KerasTensor]:
    """Return the feature maps of normalised pictures [n, h, w, 3], by name.

    `stage3` and `stage4` are the outputs of the last blocks at 1/16 and 1/32 of the side. `final`
    is `stage4` after the last 1×1 convolution, its norm and activation. The probability with which
    residual branches are dropped grows from 0 to `drop_path`.
    """
    make = _Layers(variant)
    stem = variant.stem if variant.lite else round_channels(variant.stem, variant.width)
    x = make.act(make.norm(make.conv(x, stem, 3, 2, "conv_stem"), "bn1"), "bn1")
    repeats = block_repeats(variant)
    done, maps = 0, {}
    strided = max(n for n, stage in enumerate(variant.stages) if stage.stride == 2)
    for number, (stage, count) in enumerate(zip(variant.stages, repeats, strict=True)):
        if number == strided:
            maps["stage3"] = x
        for repeat in range(count):
            stride = stage.stride if repeat == 0 else 1
            drop = drop_path * done / sum(repeats)
            x = make.block(x, stage, stride, drop, f"blocks.{number}.{repeat}")
            done += 1
    maps["stage4"] = x
    head = variant.head if variant.lite else round_channels(variant.head, variant.width)
    x = make.act(make.norm(make.conv(x, head, 1, 1, "conv_head"), "bn2"), "bn2")
    return {**maps, "final": x}


def round_channels(channels: int, width: float) -> int:
    """Return channels · width, rounded to a multiple of 8 that is at most 10% less."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def block_repeats(variant: EfficientNet) -> list[int]:
    """Return the number of blocks of each stage."""
    count = len(variant.stages)
    depths = variant.depth if isinstance(variant.depth, tuple) else (variant.depth,) * count
    repeats = [math.ceil(s.repeats * d) for s, d in zip(variant.stages, depths, strict=True)]
    if variant.lite:
        repeats[0], repeats[-1] = variant.stages[0].repeats, variant.stages[-1].repeats
    return repeats


@dataclass(frozen=True)
class _Layers:
    """Layers and blocks with the padding, norm and activation of a variant."""

    variant: EfficientNet

    def block(
        self, x: keras.KerasTensor, stage: Stage, stride: int, drop_path: float, name: str
    ) -> keras.KerasTensor:
        shortcut, channels = x, x.shape[-1]
        inner = channels * stage.expand
        outside = round_channels(stage.channels, self.variant.width)
        squeeze = round(channels / 4) if stage.squeeze else 0
        if stage.block == "conv":
            x = self.conv(x, outside, stage.kernel, stride, f"{name}.conv")
            x = self.act(self.norm(x, f"{name}.bn1"), f"{name}.bn1")
        elif stage.block == "depthwise":
            x = self.depthwise(x, stage.kernel, stride, f"{name}.conv_dw")
            x = self.act(self.norm(x, f"{name}.bn1"), f"{name}.bn1")
            x = self.squeeze(x, squeeze, f"{name}.se")
            x = self.norm(self.conv(x, outside, 1, 1, f"{name}.conv_pw"), f"{name}.bn2")
        elif stage.block == "fused":
            x = self.conv(x, inner, stage.kernel, stride, f"{name}.conv_exp")
            x = self.act(self.norm(x, f"{name}.bn1"), f"{name}.bn1")
            x = self.squeeze(x, squeeze, f"{name}.se")
            x = self.norm(self.conv(x, outside, 1, 1, f"{name}.conv_pwl"), f"{name}.bn2")
        else:
            x = self.conv(x, inner, 1, 1, f"{name}.conv_pw")
            x = self.act(self.norm(x, f"{name}.bn1"), f"{name}.bn1")
            x = self.depthwise(x, stage.kernel, stride, f"{name}.conv_dw")
            x = self.act(self.norm(x, f"{name}.bn2"), f"{name}.bn2")
            x = self.squeeze(x, squeeze, f"{name}.se")
            x = self.norm(self.conv(x, outside, 1, 1, f"{name}.conv_pwl"), f"{name}.bn3")
        if stride > 1 or channels != outside:
            return x
        return keras.layers.Add(name=f"{name}.add")([drop_branch(x, drop_path, name), shortcut])

    def conv(
        self, x: keras.KerasTensor, channels: int, kernel: int, stride: int, name: str
    ) -> keras.KerasTensor:
        x, padding = self._pad(x, kernel, stride, name)
        return keras.layers.Conv2D(
            channels,
            kernel,
            stride,
            padding,
            use_bias=False,
            kernel_initializer=START,
            name=name,
        )(x)

    def depthwise(
        self, x: keras.KerasTensor, kernel: int, stride: int, name: str
    ) -> keras.KerasTensor:
        x, padding = self._pad(x, kernel, stride, name)
        # A filter has one input channel: its fan-out is kernel², not kernel² · c.
        start = keras.initializers.RandomNormal(stddev=math.sqrt(2 / kernel**2))
        return DepthwiseConv(
            kernel, stride, padding, use_bias=False, depthwise_initializer=start, name=name
        )(x)

    def _pad(
        self, x: keras.KerasTensor, kernel: int, stride: int, name: str
    ) -> tuple[keras.KerasTensor, str]:
        if self.variant.padding == "same" or stride == 1 or kernel == 1:
            return x, "same"
        return keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}.pad")(x), "valid"

    def norm(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        variant = self.variant
        return BatchNorm(momentum=variant.momentum, epsilon=variant.epsilon, name=name)(x)

    def act(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return FastActivation(self.variant.activation, name=f"{name}.act")(x)

    def squeeze(self, x: keras.KerasTensor, channels: int, name: str) -> keras.KerasTensor:
        if not channels:
            return x
        return SqueezeExcite(channels, self.variant.activation, name=name)(x)


def drop_branch(x: keras.KerasTensor, share: float, name: str) -> keras.KerasTensor:
    """Zero the branch for a share of the training pictures, and scale up the others (drop path)."""
    if share == 0:
        return x
    shape = (None, 1, 1, 1)
    return keras.layers.Dropout(share, noise_shape=shape, name=f"{name}.drop_path")(x)
