"""Networks filled from the tensors of a checkpoint, by timm's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import numpy as np

from tf_happywhale.errors import InputError

PARAMETERS = {
    "kernel": "weight",
    "bias": "bias",
    "gain": "gain",
    "scale": "gamma",  # LayerScale's
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "p": "p",  # GeM's exponent
    "relative_position_bias_table": "relative_position_bias_table",
}
SQUEEZE_EXCITE = {"se": ("conv_reduce", "conv_expand"), "attn_last": ("fc1", "fc2")}
UNNAMED = ("cls_token", "pos_embed")  # of a vision transformer, which no module of timm's names
COUNTER = "num_batches_tracked"  # of PyTorch; needed only if the momentum changes
CLASSIFIER = ("classifier.", "head.")  # of ImageNet's classes, which no feature map needs


FIX = "name another with model.weights, or its own backbone with model.backbone"


def fill(
    network: keras.Model,
    tensors: Mapping[str, np.ndarray],
    *,
    file: str = "The checkpoint",
    owner: str | None = None,
    fix: str = FIX,
) -> list[str]:
    """Set all variables of a network from a checkpoint, and return what was not used.

    Args:
        network: from `build_backbone`, with all its features; or one that has it inside.
        tensors: arrays by timm's names in PyTorch's layout. Each is read twice, to check it and to
            set it, so that a mapping which reads from disk has only one in memory.
        file, owner, fix: what sentences call the checkpoint and the network (None: its name), and
            what to do if the two do not belong together.

    Returns:
        The names of tensors that the network does not have, without counters.

    Raises:
        InputError: a tensor is missing, of another shape or not finite, or belongs to a larger
            network. No variable was changed then.
    """
    owner = owner or network.name
    places = dict(_places(network))
    for name, (variable, layer) in places.items():
        if name not in tensors:
            raise InputError(f"{file} is not {owner}'s: it has no {name}; {fix}.")
        tensor = np.asarray(tensors[name])
        value = _keras_layout(tensor, variable, layer)
        if value.shape != tuple(variable.shape):
            raise InputError(
                f"{file} is not {owner}'s: {name} is {tensor.shape}, which does not fit "
                f"{tuple(variable.shape)}; {fix}."
            )
        if not np.isfinite(value).all():
            raise InputError(f"{file} is damaged, since {name} is not finite: fetch it again.")
    unused = [name for name in tensors if name not in places and not name.endswith(COUNTER)]
    foreign = [name for name in unused if not name.startswith(CLASSIFIER)]
    if foreign:
        raise InputError(f"{file} is not {owner}'s: {owner} has no {foreign[0]}; {fix}.")
    for name, (variable, layer) in places.items():
        variable.assign(_keras_layout(np.asarray(tensors[name]), variable, layer))
    return unused


def _places(network: keras.Model) -> Iterator[tuple[str, tuple]]:
    """Yield timm's name of each variable, with the variable and its layer."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _places(layer)
            continue
        for variable in layer.weights:
            yield tensor_name(layer.name, variable.name), (variable, layer)


def tensor_name(layer: str, variable: str) -> str:
    """Return timm's name of a variable of a layer."""
    if variable in UNNAMED:
        return variable
    module = layer.rpartition(".")[2]
    part, _, parameter = variable.rpartition("_")
    if module in SQUEEZE_EXCITE and part in ("reduce", "expand"):
        return f"{layer}.{SQUEEZE_EXCITE[module][part == 'expand']}.{PARAMETERS[parameter]}"
    if module == "attn" and variable not in PARAMETERS:
        return f"{layer}.{part}.{PARAMETERS[parameter]}"
    convolution = ".conv" if module == "attn_last" else ""
    return f"{layer}{convolution}.{PARAMETERS[variable]}"


def _keras_layout(value: np.ndarray, variable: keras.Variable, layer: keras.Layer) -> np.ndarray:
    """Return a tensor of PyTorch's layout in that of Keras, float32, as a view if possible."""
    value = value.astype(np.float32, copy=False)
    if value.ndim == 4 and len(variable.shape) == 4:
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        return value.transpose(2, 3, 0, 1) if depthwise else value.transpose(2, 3, 1, 0)
    if value.ndim == 4 and value.shape[2:] == (1, 1):  # a 1×1 convolution of one pixel, or a gain
        return value[:, :, 0, 0].T if len(variable.shape) == 2 else value[:, :, 0, 0].reshape(-1)
    if value.ndim == 2 and variable.name.endswith("kernel"):
        return value.T
    if value.shape == (1,) and variable.shape == ():  # a number, kept as an array of one
        return value[0]
    if value.ndim == 3 and variable.name.endswith("kernel"):
        return value.transpose(2, 1, 0)
    return value
