"""NFNets of timm's light series (`eca_nfnet_l*`, `nfnet_l0`): networks without normalisation.

Each block is out = shortcut + α · branch(β · act(x)). β undoes the growth of the variance in the
residual sums since the stage began. Constant factors are multiplied into what is small: β and the
activation's gain into the kernels, α and the attention's gain of 2 into its gate. Layers are named
after timm's modules, so that a checkpoint's tensors find their layers.

References:
    Brock et al.: Characterizing signal propagation to close the performance gap in unnormalized
    ResNets, ICLR 2021, https://arxiv.org/abs/2101.08692
    Brock et al.: High-Performance Large-Scale Image Recognition Without Normalization, ICML 2021,
    https://arxiv.org/abs/2102.06171
"""

from __future__ import annotations

import keras

from tf_happywhale.models.backbones.efficientnet import drop_branch, round_channels
from tf_happywhale.models.backbones.variants import NFNet
from tf_happywhale.models.layers.activation import FastActivation
from tf_happywhale.models.layers.channel_attention import ChannelAttention
from tf_happywhale.models.layers.squeeze_excite import SqueezeExcite
from tf_happywhale.models.layers.std_conv import ScaledStdConv

SILU_GAIN = 1.7881293296813965  # 1 / standard deviation of SiLU(x) for x of mean 0, variance 1
GATE_GAIN = 2.0


def nfnet_features(
    x: keras.KerasTensor, variant: NFNet, drop_path: float
) -> dict[str, keras.KerasTensor]:
    """Return the feature maps of normalised pictures [n, h, w, 3], by name.

    `stage3` is the output of the third stage, at 1/16 of the side. `stage4` is that of the last 1×1
    convolution, at 1/32, and `final` is `stage4` after its activation. The probability with which
    residual branches are dropped grows from 0 to `drop_path`.
    """
    x = _stem(x, variant.stem)
    last_block = max(1, sum(variant.depths) - 1)
    done, maps, variance = 0, {}, 1.0
    for number, (count, channels) in enumerate(zip(variant.depths, variant.channels, strict=True)):
        for repeat in range(count):
            first = repeat == 0
            x = _block(
                x,
                variant,
                channels,
                stride=2 if first and number > 0 else 1,
                beta=variance**-0.5,
                drop_path=drop_path * done / last_block,
                name=f"stages.{number}.{repeat}",
            )
            variance = (1.0 if first else variance) + variant.alpha**2
            done += 1
        if number == len(variant.depths) - 2:
            maps["stage3"] = x
    maps["stage4"] = ScaledStdConv(variant.head, scale=SILU_GAIN, name="final_conv")(x)
    return {**maps, "final": _act(maps["stage4"], "final_act")}


def _stem(x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Add four 3×3 convolutions, the first and the last with stride 2."""
    widths, strides = (channels // 8, channels // 4, channels // 2, channels), (2, 1, 1, 2)
    for n, (width, stride) in enumerate(zip(widths, strides, strict=True), start=1):
        name = f"stem.conv{n}"
        x = ScaledStdConv(width, 3, strides=stride, scale=SILU_GAIN, name=name)(x)
        if n < len(widths):
            x = _act(x, f"stem.act{n + 1}")
    return x


def _block(
    x: keras.KerasTensor,
    variant: NFNet,
    channels: int,
    *,
    stride: int,
    beta: float,
    drop_path: float,
    name: str,
) -> keras.KerasTensor:
    groups = round_channels(channels, variant.bottleneck) // variant.group
    inner = groups * variant.group
    shortcut, x = x, _act(x, f"{name}.act1")
    if stride > 1 or shortcut.shape[-1] != channels:
        shortcut = x
        if stride > 1:
            pool = keras.layers.AveragePooling2D(2, 2, "same", name=f"{name}.downsample.pool")
            shortcut = pool(x)
        shortcut = ScaledStdConv(channels, scale=SILU_GAIN * beta, name=f"{name}.downsample.conv")(
            shortcut
        )
    x = ScaledStdConv(inner, scale=SILU_GAIN * beta, name=f"{name}.conv1")(x)
    for convolution, steps in (("2", stride), ("2b", 1)):
        x = _act(x, f"{name}.act{convolution}")
        x = ScaledStdConv(
            inner,
            3,
            strides=steps,
            groups=groups,
            scale=SILU_GAIN,
            name=f"{name}.conv{convolution}",
        )(x)
    x = _act(x, f"{name}.act3")
    x = ScaledStdConv(channels, scale=SILU_GAIN, gain=0.0, name=f"{name}.conv3")(x)
    gain = GATE_GAIN * variant.alpha
    if variant.attention == "eca":
        x = ChannelAttention(gain, name=f"{name}.attn_last")(x)
    else:
        x = SqueezeExcite(channels // 4, "relu", gain, name=f"{name}.attn_last")(x)
    return keras.layers.Add(name=f"{name}.add")([drop_branch(x, drop_path, name), shortcut])


def _act(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return FastActivation("silu", name=name)(x)
