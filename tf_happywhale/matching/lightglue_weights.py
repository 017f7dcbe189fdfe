"""The weights of LightGlue, put together so that fewer products remain.

Four things are done once here instead of for each pair, and none of them changes a result: the
scales of attention and of the assignment are part of the kernels; the projection of what attention
found is one product with the kernel behind it; query, key and value are one product; and the pairs
of numbers that a rotation turns lie in two halves of a head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

HEADS = 4
Tensors = Mapping[str, np.ndarray]


class Block(NamedTuple):
    """Attention and the two layers behind it.

    Args:
        into: kernel and bias of query, key and value, or of what is both query and key, and value.
        hidden: kernel [2 * d, 2 * d] and bias; of the point and of what attention found.
        norm: scale and shift, each [2 * d].
        out: kernel [2 * d, d] and bias.
    """

    into: tuple[np.ndarray, np.ndarray]
    hidden: tuple[np.ndarray, np.ndarray]
    norm: tuple[np.ndarray, np.ndarray]
    out: tuple[np.ndarray, np.ndarray]


class Assignment(NamedTuple):
    """Kernel and bias of what is compared, [d, d], and of whether a point has a match, [d, 1]."""

    compared: tuple[np.ndarray, np.ndarray]
    matchable: tuple[np.ndarray, np.ndarray]


class Weights(NamedTuple):
    """All of a LightGlue.

    Args:
        start: kernel [128, d] and bias of descriptors.
        frequencies: of positions, [2, d / HEADS / 2].
        own: a block for each layer, in which the points of a picture look at each other.
        across: a block for each layer, in which they look at the other picture's.
        assignments: one for each layer.
    """

    start: tuple[np.ndarray, np.ndarray]
    frequencies: np.ndarray
    own: list[Block]
    across: list[Block]
    assignments: list[Assignment]


def lightglue_weights(checkpoint: Tensors) -> Weights:
    """Return the weights of a checkpoint: tensors by the published names, in PyTorch's layout."""
    layers = range(sum(name.endswith("matchability.weight") for name in checkpoint))
    return Weights(
        _linear(checkpoint, "input_proj"),
        checkpoint["posenc.Wr.weight"].T,
        [_own(checkpoint, f"transformers.{layer}.self_attn") for layer in layers],
        [_across(checkpoint, f"transformers.{layer}.cross_attn") for layer in layers],
        [_assignment(checkpoint, f"log_assignment.{layer}") for layer in layers],
    )


def _own(checkpoint: Tensors, name: str) -> Block:
    kernel, bias = _linear(checkpoint, f"{name}.Wqkv")
    width = len(kernel)
    size = width // HEADS
    # The published order is head, number, and which of query, key and value.
    order = np.arange(3 * width).reshape(HEADS, size, 3).transpose(2, 0, 1)
    halves = np.concatenate([np.arange(0, size, 2), np.arange(1, size, 2)])
    order = np.stack([order[0][:, halves], order[1][:, halves], order[2]]).reshape(-1)
    scale = np.ones(3 * width, np.float32)
    scale[:width] = size**-0.5
    into = kernel[:, order] * scale, bias[order] * scale
    return Block(into, *_behind(checkpoint, name, "out_proj"))


def _across(checkpoint: Tensors, name: str) -> Block:
    kernel, bias = _linear(checkpoint, f"{name}.to_qk")
    value, shift = _linear(checkpoint, f"{name}.to_v")
    scale = np.float32((len(kernel) // HEADS) ** -0.25)
    into = np.concatenate([kernel * scale, value], 1), np.concatenate([bias * scale, shift])
    return Block(into, *_behind(checkpoint, name, "to_out"))


def _behind(checkpoint: Tensors, name: str, out: str) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return the kernels behind attention, with its projection inside the first."""
    projection, shift = _linear(checkpoint, f"{name}.{out}")
    kernel, bias = _linear(checkpoint, f"{name}.ffn.0")
    width = len(projection)
    kernel, bias = (
        np.concatenate([kernel[:width], projection @ kernel[width:]]),
        bias + shift @ kernel[width:],
    )
    norm = checkpoint[f"{name}.ffn.1.weight"], checkpoint[f"{name}.ffn.1.bias"]
    return (kernel, bias), norm, _linear(checkpoint, f"{name}.ffn.3")


def _assignment(checkpoint: Tensors, name: str) -> Assignment:
    kernel, bias = _linear(checkpoint, f"{name}.final_proj")
    scale = np.float32(len(kernel) ** -0.25)
    return Assignment((kernel * scale, bias * scale), _linear(checkpoint, f"{name}.matchability"))


def _linear(checkpoint: Tensors, name: str) -> tuple[np.ndarray, np.ndarray]:
    return checkpoint[f"{name}.weight"].T, checkpoint[f"{name}.bias"]
