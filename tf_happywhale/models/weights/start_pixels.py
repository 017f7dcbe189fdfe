"""How a model of this package normalises pixels: its training goes on in the same way.

Published models may have another mean and deviation than their backbone has with ImageNet weights.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.models.backbones.build import NORMALISE
from tf_happywhale.models.backbones.variants import EfficientNet, NFNet
from tf_happywhale.models.weights.run_weights import run_of

PixelNorm = tuple[tuple[float, ...], tuple[float, ...]]


def with_pixels_of(variant: EfficientNet | NFNet, path: Path) -> EfficientNet | NFNet:
    """Return an architecture that normalises pixels as the model in a file does; see
    `mean_std_of`."""
    found = mean_std_of(path)
    if found is None or np.allclose(found, variant.mean_std, rtol=1e-6, atol=1e-9):
        return variant  # to the last digit, which a file has lost
    return replace(variant, mean_std=found)


def mean_std_of(path: Path) -> PixelNorm | None:
    """Return mean and deviation, of pixels in 0–1, by which a model normalises them.

    Args:
        path: a `.keras` file, or a `.weights.h5` file, beside which the run folder's model counts.

    Returns:
        None if the file does not say it; whoever reads its weights says what is wrong with it.
    """
    file = path if path.suffix == ".keras" else run_of(path) / "model.keras"
    try:
        with zipfile.ZipFile(file) as archive:
            layer = _find(json.loads(archive.read("config.json")))
        scale, offset = layer["scale"], layer["offset"]
        deviation = tuple(1 / (255 * value) for value in scale)
        mean = tuple(-value * s for value, s in zip(offset, deviation, strict=True))
    except (OSError, KeyError, ValueError, TypeError, ZeroDivisionError, zipfile.BadZipFile):
        return None
    return mean, deviation


def _find(tree: Any) -> dict[str, Any] | None:
    """Return the config of the layer that normalises pixels, in a tree of layers' configs."""
    if isinstance(tree, dict):
        config = tree.get("config")
        is_layer = tree.get("class_name") == "Rescaling" and isinstance(config, dict)
        if is_layer and config.get("name") == NORMALISE:
            return config
        tree = list(tree.values())
    if not isinstance(tree, list):
        return None
    return next((found for one in tree if (found := _find(one)) is not None), None)
