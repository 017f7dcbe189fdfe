"""Our backbones compared with those of timm. Only this file needs PyTorch and timm."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from tf_happywhale.models.backbones.build import ARCHITECTURES, FEATURES, build_backbone
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.fill_network import COUNTER, fill
from tf_happywhale.models.weights.published import read_weights

if TYPE_CHECKING:
    import torch

SIZES = (96, 107)  # pixels; one of them is not a multiple of 32


@dataclass(frozen=True)
class Difference:
    """The difference between one of our feature maps and that of timm."""

    feature: str  # stage3, stage4 or final
    size: int  # side of the pictures, pixels
    shape: tuple[int, ...]  # of the map [n, h, w, c]
    relative: float  # largest absolute difference / largest absolute value of timm's


def compare_with_timm(backbone: str, address: str) -> list[str]:
    """Return a report on published weights, with a line for each map and size."""
    tensors = read_weights(address)
    theirs = timm_model(backbone, tensors)
    ours = build_backbone(backbone, features=FEATURES)
    fill(ours, tensors)
    lines = [f"{'parity with timm':18} {'map':7} {'size':>5}  largest difference / largest value"]
    for found in differences(backbone, ours, theirs):
        lines.append(f"{backbone:18} {found.feature:7} {found.size:5}  {found.relative:.1e}")
    return lines


def timm_model(backbone: str, tensors: Mapping[str, np.ndarray]) -> torch.nn.Module:
    """Return timm's network with the tensors of a checkpoint, without its classifier."""
    import timm
    import torch

    model = timm.create_model(ARCHITECTURES[backbone].timm, num_classes=0)
    needed = [name for name in model.state_dict() if not name.endswith(COUNTER)]
    state = {name: torch.from_numpy(np.array(tensors[name], np.float32)) for name in needed}
    model.load_state_dict(state, strict=False)
    return model.eval()


def differences(
    backbone: str,
    ours: keras.Model,
    theirs: torch.nn.Module,
    sizes: Sequence[int] = SIZES,
) -> list[Difference]:
    """Compare the maps of both networks for two random pictures of each size.

    Args:
        ours: with all `FEATURES` as outputs.
        theirs: timm's network, with the same weights.
    """
    import torch

    mean, std = (np.array(theirs.default_cfg[key], np.float32) for key in ("mean", "std"))
    if backbone.startswith("lite"):  # timm's are rounded, see variants.py
        mean, std = (np.array(values, np.float32) for values in VARIANTS[backbone].mean_std)
    found = []
    for size in sizes:
        pictures = np.random.default_rng(size).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
        normalised = ((pictures / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(normalised, np.float32))
            maps = [*intermediate_maps(theirs, batch), theirs.forward_features(batch)]
        for feature, mine, its in zip(FEATURES, ours(pictures), maps, strict=True):
            its = its.permute(0, 2, 3, 1).numpy()
            relative = np.abs(np.asarray(mine) - its).max() / np.abs(its).max()
            found.append(Difference(feature, size, its.shape, float(relative)))
    return found


def intermediate_maps(model: torch.nn.Module, batch: torch.Tensor) -> list[torch.Tensor]:
    """Return timm's `features_only` maps 3 and 4 [n, c, h, w] with the weights of a model."""
    import timm

    extractor = timm.create_model(model.default_cfg["architecture"], **_ONLY).eval()
    weights = {_flat(name): value for name, value in model.state_dict().items()}
    state = {name: weights[_flat(name)] for name in extractor.state_dict()}
    extractor.load_state_dict(state)
    return extractor(batch)


_ONLY = {"features_only": True, "out_indices": (3, 4)}


def _flat(name: str) -> str:
    return name.removeprefix("model.").replace(".", "_")


def formula_tensor(name: str, shape: Sequence[int]) -> np.ndarray:
    """Return a tensor that depends only on name and shape, float32, in the range of a trained one.

    NumPy promises that `RandomState` gives the same numbers in each version.
    """
    draw = np.random.RandomState(zlib.crc32(name.encode("ascii")))
    parameter = name.rpartition(".")[2]
    if parameter == "running_var":
        value = draw.uniform(0.5, 1.5, shape)
    elif parameter == "gain" or (parameter == "weight" and len(shape) == 1):
        value = draw.uniform(0.7, 1.3, shape)
    elif len(shape) == 1:
        value = 0.1 * draw.standard_normal(shape)
    else:
        value = draw.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
    return value.astype(np.float32)
