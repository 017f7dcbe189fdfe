from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.build import build_backbone
from tf_happywhale.models.weights.fill_network import fill
from tf_happywhale.models.weights.keras_h5 import read_keras_h5


def write_h5(path: Path, model: keras.Model, below: str | None = None) -> None:
    """A model's weights in Keras' old form and names, as its published checkpoints are."""
    with h5py.File(path, "w") as file:
        root = file.create_group(below) if below else file
        root.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = root.create_group(layer.name)
            depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
            prefix = f"{layer.name}/depthwise_" if depthwise else f"{layer.name}/"
            names = [f"{prefix}{variable.name}:0" for variable in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, variable in zip(names, layer.weights, strict=True):
                group[name] = np.asarray(variable)


@pytest.fixture(scope="module")
def published() -> keras.Model:
    """Keras' own B0 with random weights and random statistics of its norms."""
    keras.utils.set_random_seed(4)
    model = keras.applications.EfficientNetB0(
        include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = (rng.uniform(0.5, 1.5, w.shape) for w in layer.weights)
            layer.set_weights([gamma, beta - 1, mean - 1, variance])
    normalise = next(x for x in model.layers if isinstance(x, keras.layers.Normalization))
    normalise.mean, normalise.variance = (
        np.float32(v).reshape(1, 1, 1, 3)
        for v in ([0.485, 0.456, 0.406], np.square([0.229, 0.224, 0.225]))
    )
    return model


@pytest.mark.parametrize("below", [None, "model_weights"])
def test_our_network_says_what_keras_own_says(tmp_path, published, below):
    write_h5(tmp_path / "b0.h5", published, below)
    network = build_backbone("b0")
    assert fill(network, read_keras_h5(tmp_path / "b0.h5")) == []
    picture = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    expected = np.asarray(published(picture.astype(np.float32)))
    difference = np.abs(np.asarray(network(picture)) - expected).max() / np.abs(expected).max()
    assert difference < 1e-5


def test_a_foreign_network_is_one_sentence(tmp_path):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="dense_1")])
    write_h5(tmp_path / "other.h5", other)
    with pytest.raises(InputError, match="is not an EfficientNet checkpoint"):
        read_keras_h5(tmp_path / "other.h5")


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n"])
def test_a_damaged_file_is_one_sentence(tmp_path, content):
    (tmp_path / "b0.h5").write_bytes(content)
    with pytest.raises(InputError, match="fetch it again"):
        read_keras_h5(tmp_path / "b0.h5")


def test_a_file_that_was_cut_off_is_one_sentence(tmp_path, published):
    write_h5(tmp_path / "b0.h5", published)
    content = (tmp_path / "b0.h5").read_bytes()
    (tmp_path / "b0.h5").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="fetch it again"):
        read_keras_h5(tmp_path / "b0.h5")
