"""The precision in which a device computes the backbone; neck and heads are always float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def choose_precision(asked: str, kind: str, capability: tuple[int, int] | None) -> str:
    """Return float32, bfloat16 or float16.

    Args:
        asked: `train.precision`.
        kind: CPU, GPU or TPU.
        capability: the CUDA compute capability of the weakest GPU; None if it is not known.
    """
    if asked != "auto":
        return asked
    if kind == "TPU":
        return "bfloat16"
    if kind == "GPU" and capability is not None:
        return "bfloat16" if capability >= (8, 0) else "float16"
    return "float32"


@contextmanager
def policy(precision: str) -> Iterator[None]:
    """Let layers that are made inside the context compute in this precision; their variables are
    float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def to_float32(model: keras.Model) -> None:
    """Let every layer of a model compute in float32, as all saved models do."""
    for layer in model._flatten_layers():
        layer.dtype_policy = "float32"
