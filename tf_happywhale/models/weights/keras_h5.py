"""EfficientNet checkpoints in Keras' old HDF5 format, of `keras.applications` and of qubvel.

Both name layers `block1a_dwconv`, `block1a_bn` and so on. A layer is a group with an attribute
`weight_names`. Nothing in such a file is pickled.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError

OUTSIDE = {"stem_conv": "conv_stem", "stem_bn": "bn1", "top_conv": "conv_head", "top_bn": "bn2"}
OUTSIDE |= {"predictions": "classifier", "probs": "classifier"}
# timm numbers the parts of a block in their order.
EXPANDING = {"expand_conv": "conv_pw", "expand_bn": "bn1", "dwconv": "conv_dw", "bn": "bn2"}
EXPANDING |= {"project_conv": "conv_pwl", "project_bn": "bn3"}
FIRST = {"dwconv": "conv_dw", "bn": "bn1", "project_conv": "conv_pw", "project_bn": "bn2"}
EITHER = {"se_reduce": "se.conv_reduce", "se_expand": "se.conv_expand"}
PARAMETERS = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def read_keras_h5(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a file by timm's names, in PyTorch's layout.

    The layer that normalises pixels is left out, because our networks have their own.

    Raises:
        InputError: the file is damaged, or is not such a checkpoint.
    """
    import h5py

    tensors = {}
    check_opens(path)
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            for layer in map(_text, root.attrs["layer_names"]):
                for weight in map(_text, root[layer].attrs["weight_names"]):
                    module = _timm_module(layer)
                    if module is not None:
                        parameter = re.sub(r":\d+$", "", weight.rpartition("/")[2])
                        value = np.asarray(root[layer][weight], np.float32)
                        name = f"{module}.{PARAMETERS[parameter]}"
                        tensors[name] = _torch_layout(value, module)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"{path} is not an EfficientNet checkpoint of keras.applications or qubvel ({error}): "
            "fetch it again, or name another with model.weights."
        ) from None
    return tensors


def _timm_module(layer: str) -> str | None:
    """Return timm's module of a Keras layer; None for a layer that normalises pixels."""
    if layer.startswith(("normalization", "rescaling")):
        return None
    found = re.fullmatch(r"block(\d+)([a-z])_(\w+)", layer)
    if found is None:
        return OUTSIDE[layer]
    stage, repeat, part = int(found[1]) - 1, ord(found[2]) - ord("a"), found[3]
    parts = {**(EXPANDING if stage else FIRST), **EITHER}
    return f"blocks.{stage}.{repeat}.{parts[part]}"


def _torch_layout(value: np.ndarray, module: str) -> np.ndarray:
    if module.endswith("conv_dw") and value.ndim == 4:
        return value.transpose(2, 3, 0, 1)
    if value.ndim == 4:
        return value.transpose(3, 2, 0, 1)
    return value.T


def _text(name: bytes | str) -> str:
    return name.decode("utf-8") if isinstance(name, bytes) else name
