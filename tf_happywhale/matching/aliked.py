"""ALIKED-n16, the network that finds points and describes them (Zhao et al. 2023).

The maps have four sizes: the picture's, and a half, an eighth and a 32nd of it. The paper
enlarges all to the picture's size before it computes score and descriptors. Here the score's
first convolution comes before the enlarging, which is the same since both are linear, and features
are enlarged only where a point looks (`point_descriptors.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tf_happywhale.matching.deformable import deformable_conv

STEP = 32  # sides of the network's input are multiples of it
LEVELS = (1, 2, 8, 32)  # how much smaller than the picture each map is
Weights = Mapping[str, np.ndarray]


class Maps(NamedTuple):
    """What the network says about one picture of sides that are multiples of 32.

    Args:
        score: how good a point each pixel is, 0 to 1, float32 [h, w].
        features: a map for each of `LEVELS`, float32 [h / level, w / level, 32].
    """

    score: Any
    features: tuple[Any, ...]


def network_weights(checkpoint: Weights) -> dict[str, np.ndarray]:
    """Return the weights of `maps_of`: kernels in Keras' layout, with batch normalisation inside.

    Args:
        checkpoint: tensors by the published names, in PyTorch's layout.
    """
    weights = {}
    for block in ("block1", "block2", "block3", "block4"):
        for number in "12":
            conv = f"{block}.conv{number}"
            deformed = f"{conv}.regular_conv.weight" in checkpoint
            name = f"{conv}.regular_conv.weight" if deformed else f"{conv}.weight"
            kernel, bias = _with_norm(checkpoint, name, f"{block}.bn{number}")
            weights[f"{conv}.kernel"] = kernel.reshape(-1, kernel.shape[-1]) if deformed else kernel
            weights[f"{conv}.bias"] = bias
            if deformed:
                _copy(weights, checkpoint, f"{conv}.offset_conv", f"{conv}.offset")
        if block != "block1":
            _copy(weights, checkpoint, f"{block}.downsample", f"{block}.short")
    for number in "1234":
        _copy(weights, checkpoint, f"conv{number}", f"level{number}")
    parts = np.split(_keras(checkpoint["score_head.0.weight"]), 4, axis=2)
    weights |= {f"score{number}.kernel": part for number, part in zip("1234", parts, strict=True)}
    for place in "246":
        _copy(weights, checkpoint, f"score_head.{place}", f"head{place}")
    return weights


def maps_of(picture: Any, weights: Weights) -> Maps:
    """Return the maps of a picture.

    Args:
        picture: RGB from 0 to 1, float32 [h, w, 3], the sides multiples of 32.
        weights: from `network_weights`.
    """
    from keras import ops

    full = _plain_block(picture[None], weights)
    half = _residual_block(_pooled(full, 2), weights, "block2")
    eighth = _residual_block(_pooled(half, 4), weights, "block3")
    least = _residual_block(_pooled(eighth, 4), weights, "block4")
    levels = [
        ops.selu(_conv(each, weights, f"level{number}"))
        for number, each in zip("1234", (full, half, eighth, least), strict=True)
    ]
    score = _score(levels, weights)
    return Maps(score[0, ..., 0], tuple(each[0] for each in levels))


def _plain_block(x: Any, weights: Weights) -> Any:
    from keras import ops

    x = ops.selu(_conv(x, weights, "block1.conv1"))
    return ops.selu(_conv(x, weights, "block1.conv2"))


def _residual_block(x: Any, weights: Weights, block: str) -> Any:
    from keras import ops

    short = _conv(x, weights, f"{block}.short")
    x = ops.selu(_conv(x, weights, f"{block}.conv1"))
    return ops.selu(_conv(x, weights, f"{block}.conv2") + short)


def _score(levels: list[Any], weights: Weights) -> Any:
    from keras import ops

    height, width = levels[0].shape[1:3]
    x = 0
    for number, level in zip("1234", levels, strict=True):
        x = x + _enlarged(_conv(level, weights, f"score{number}"), height, width)
    for place in "246":
        x = _conv(ops.selu(x), weights, f"head{place}")
    return ops.sigmoid(x)


def _conv(x: Any, weights: Weights, name: str) -> Any:
    from keras import ops

    kernel, bias = weights[f"{name}.kernel"], weights.get(f"{name}.bias")
    if f"{name}.offset.kernel" in weights:
        most = max(x.shape[1:3]) / 4
        offsets = ops.clip(_conv(x, weights, f"{name}.offset"), -most, most)
        x = deformable_conv(x[0], offsets[0], kernel)[None]
    else:
        x = ops.conv(x, kernel, padding="same")
    return x if bias is None else x + bias


def _pooled(x: Any, size: int) -> Any:
    from keras import ops

    return ops.average_pool(x, size, size)


def _enlarged(x: Any, height: int, width: int) -> Any:
    """Return maps at the picture's size, so that corners lie on corners."""
    from keras import ops

    for axis, size in ((1, height), (2, width)):
        if x.shape[axis] != size:
            first, share = enlarging(np.arange(size), x.shape[axis], size)
            shape = [1, 1, 1, 1]
            shape[axis] = size
            share = share.reshape(shape)
            after = np.minimum(first + 1, x.shape[axis] - 1)
            x = ops.take(x, first, axis) * (1 - share) + ops.take(x, after, axis) * share
    return x


def enlarging(places: np.ndarray, small: int, large: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where pixels of an enlarged side look: at which pixel of the small side, int32, and
    which share of the next one they take, float32."""
    at = places.astype(np.float32) * np.float32((small - 1) / max(large - 1, 1))
    first = np.minimum(at.astype(np.int32), small - 1)
    return first, at - first.astype(np.float32)


def _with_norm(checkpoint: Weights, name: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    scale = checkpoint[f"{norm}.weight"] / np.sqrt(checkpoint[f"{norm}.running_var"] + 1e-5)
    bias = checkpoint[f"{norm}.bias"] - checkpoint[f"{norm}.running_mean"] * scale
    return _keras(checkpoint[name]) * scale, bias


def _copy(weights: dict[str, np.ndarray], checkpoint: Weights, theirs: str, ours: str) -> None:
    weights[f"{ours}.kernel"] = _keras(checkpoint[f"{theirs}.weight"])
    if f"{theirs}.bias" in checkpoint:
        weights[f"{ours}.bias"] = checkpoint[f"{theirs}.bias"]


def _keras(kernel: np.ndarray) -> np.ndarray:
    """[out, in, h, w] to [h, w, in, out]."""
    return np.ascontiguousarray(kernel.transpose(2, 3, 1, 0))
