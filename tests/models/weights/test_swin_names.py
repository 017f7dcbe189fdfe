from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.models.weights.fill_network import tensor_name
from tf_happywhale.models.weights.parity import formula_tensor
from tf_happywhale.models.weights.swin_names import swin_names

MERGINGS = ("norm.weight", "norm.bias", "reduction.weight")
REST = ("patch_embed.proj.weight", "layers.0.blocks.1.attn.qkv.bias", "norm.bias")


def torch_shape(variable: keras.Variable) -> tuple[int, ...]:
    """The shape that PyTorch has a variable's tensor in."""
    shape = tuple(variable.shape)
    if not variable.name.endswith("kernel"):
        return shape
    return shape[::-1] if len(shape) == 2 else (shape[3], shape[2], *shape[:2])


def swin_tensors(network: keras.Model) -> dict[str, np.ndarray]:
    """A checkpoint for a Swin, made from names and shapes; also for one inside a model."""
    found: dict[str, np.ndarray] = {}
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found |= swin_tensors(layer)
            continue
        for variable in layer.weights:
            name = tensor_name(layer.name, variable.name)
            found[name] = formula_tensor(name, torch_shape(variable))
    return found


def old_layout(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same checkpoint as timm wrote it until 0.8, with what it also kept."""
    named = {}
    for name, tensor in tensors.items():
        for stage in (1, 2, 3):
            name = name.replace(f"layers.{stage}.downsample", f"layers.{stage - 1}.downsample")
        named[name] = tensor
    return {
        **named,
        "layers.0.blocks.0.attn.relative_position_index": np.zeros((16, 16), "<i8"),
        "layers.0.blocks.1.attn_mask": np.zeros((4, 16, 16), "<f4"),
    }


def names(first: int) -> list[str]:
    stages = range(first, first + 3)
    return [*REST, *(f"layers.{stage}.downsample.{name}" for stage in stages for name in MERGINGS)]


@pytest.mark.parametrize("first", [0, 1])
def test_both_layouts_get_todays_names(first):
    stored = {name: f"backbone.{name}" for name in names(first)}
    found = swin_names(stored)
    assert sorted(found) == sorted(names(1))
    assert found["norm.bias"] == "backbone.norm.bias"
    for stage in (1, 2, 3):
        for name in MERGINGS:
            place = f"backbone.layers.{stage + first - 1}.downsample.{name}"
            assert found[f"layers.{stage}.downsample.{name}"] == place


def test_buffers_are_left_out():
    found = swin_names({name: name for name in old_layout(dict.fromkeys(names(1)))})
    assert sorted(found) == sorted(names(1))
