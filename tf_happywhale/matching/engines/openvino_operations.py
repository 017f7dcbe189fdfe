"""Those of `keras.ops` that the networks use, for OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from openvino import Output
from openvino import opset13 as op


def matmul(x: Any, y: Any) -> Output:
    return op.matmul(_node(x), _node(y), False, False).output(0)


def add(x: Any, y: Any) -> Output:
    return op.add(_node(x), _node(y)).output(0)


def subtract(x: Any, y: Any) -> Output:
    return op.subtract(_node(x), _node(y)).output(0)


def multiply(x: Any, y: Any) -> Output:
    return op.multiply(_node(x), _node(y)).output(0)


def concatenate(xs: Sequence[Output], axis: int = 0) -> Output:
    return op.concat(list(xs), axis).output(0)


def split(x: Output, parts: int, axis: int = 0) -> list[Output]:
    return op.split(x, op.constant(np.int64(axis)), parts).outputs()


def reshape(x: Output, shape: Sequence[int]) -> Output:
    return op.reshape(x, _whole(shape), False).output(0)


def transpose(x: Output, axes: Sequence[int]) -> Output:
    return op.transpose(x, _whole(axes)).output(0)


def softmax(x: Output, axis: int = -1) -> Output:
    return op.softmax(x, axis).output(0)


def log_softmax(x: Output, axis: int = -1) -> Output:
    return op.log_softmax(x, axis).output(0)


def sigmoid(x: Output) -> Output:
    return op.sigmoid(x).output(0)


def log_sigmoid(x: Output) -> Output:
    return op.negative(op.softplus(op.negative(x))).output(0)


def exp(x: Output) -> Output:
    return op.exp(x).output(0)


def gelu(x: Output, approximate: bool) -> Output:
    return op.gelu(x, "tanh" if approximate else "erf").output(0)


def layer_normalization(x: Output, gamma: Any, beta: Any, epsilon: float) -> Output:
    """Of the last axis."""
    last = _whole([len(x.get_partial_shape()) - 1])
    return add(multiply(op.mvn(x, last, True, epsilon, "INSIDE_SQRT"), gamma), beta)


def max(x: Output, axis: int) -> Output:
    return op.reduce_max(x, _whole([axis]), False).output(0)


def argmax(x: Output, axis: int) -> Output:
    best = op.topk(x, op.constant(np.int64(1)), axis, "max", "none", "i32").output(1)
    return op.squeeze(best, _whole([axis])).output(0)


def _node(x: Any) -> Any:
    return op.constant(np.ascontiguousarray(x, np.float32)) if isinstance(x, np.ndarray) else x


def _whole(numbers: Sequence[int]) -> Any:
    return op.constant(np.array(numbers, np.int64))
