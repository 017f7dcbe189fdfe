from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.devices.precision import choose_precision, policy, to_float32
from tf_happywhale.models.classifier import build_classifier


@pytest.mark.parametrize(
    ("kind", "capability", "precision"),
    [
        ("CPU", None, "float32"),
        ("TPU", None, "bfloat16"),
        ("GPU", (7, 5), "float16"),  # T4
        ("GPU", (8, 0), "bfloat16"),  # A100
        ("GPU", (12, 0), "bfloat16"),
        ("GPU", None, "float32"),
    ],
)
def test_auto_goes_by_the_device(kind, capability, precision):
    assert choose_precision("auto", kind, capability) == precision
    assert choose_precision("float32", kind, capability) == "float32"
    assert choose_precision("bfloat16", kind, capability) == "bfloat16"


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_the_backbone_is_rounded_and_the_heads_are_not(toy, precision):
    with policy(precision):
        classifier = build_classifier(toy(Model()), Model(), [1] * 4)
    assert keras.config.dtype_policy().name == "float32"
    embedder = classifier.get_layer("embedder")
    kinds = {type(layer): layer.compute_dtype for layer in embedder.layers}
    assert kinds[keras.layers.Conv2D] == precision
    assert classifier.get_layer("arcface").compute_dtype == "float32"
    assert {v.dtype for v in classifier.variables} == {"float32"}


def test_the_policy_is_put_back_after_an_error():
    with pytest.raises(KeyError), policy("bfloat16"):
        raise KeyError
    assert keras.config.dtype_policy().name == "float32"


def test_a_model_made_float32_is_the_one_trained_so(tmp_path):
    """In nested networks too, and when it is loaded elsewhere."""

    def build() -> keras.Model:
        keras.utils.set_random_seed(1)
        inside = keras.Input((None, None, 3))
        x = keras.layers.Rescaling(1 / 255)(inside)
        network = keras.Model(inside, keras.layers.Conv2D(4, 3, activation="relu")(x))
        pictures = keras.Input((None, None, 3))
        x = keras.layers.GlobalAveragePooling2D()(network(pictures))
        return keras.Model(pictures, keras.layers.Dense(5)(x))

    pictures = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    plain = np.asarray(build()(pictures))
    with policy("bfloat16"):
        rounded = build()
    assert np.abs(np.float32(rounded(pictures)) - plain).max() > 1e-4
    to_float32(rounded)
    rounded.save(tmp_path / "model.keras")
    for model in (rounded, keras.saving.load_model(tmp_path / "model.keras")):
        found = model(pictures)
        assert keras.backend.standardize_dtype(found.dtype) == "float32"
        np.testing.assert_allclose(np.asarray(found), plain, atol=1e-6)
