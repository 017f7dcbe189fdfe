from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.models import embedder as embedder_module
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.models.halves import halves
from tf_happywhale.run_folders.model_files import load_model, save_model


@pytest.fixture
def network(monkeypatch) -> keras.Model:
    """In place of a backbone, with one map or two."""
    keras.utils.set_random_seed(0)

    def build(name, weights, *, features, drop_path):
        inputs = keras.Input((None, None, 3))
        first = keras.layers.Conv2D(4, 3, strides=2)(inputs)
        second = keras.layers.Conv2D(6, 3, strides=2)(first)
        return keras.Model(inputs, second if len(features) == 1 else [first, second], name=name)

    monkeypatch.setattr(embedder_module, "pretrained_backbone", build)


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    "settings",
    [{}, {"pooling": "last_two", "columns": 3, "region": (0, 0, 0.5, 1), "embedding_size": None}],
    ids=["one map", "five maps"],
)
def test_one_after_the_other_they_are_the_embedder(settings, tmp_path):
    embedder = build_embedder(Model(weights="none", **settings))
    backbone, rest = halves(embedder)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    want = np.asarray(embedder(pictures))
    np.testing.assert_array_equal(np.asarray(rest(backbone(pictures))), want)
    assert {id(v) for v in backbone.variables} == {
        id(v) for v in embedder.get_layer("lite0").variables
    }
    parts = [id(v) for v in (*backbone.variables, *rest.variables)]
    assert sorted(parts) == sorted(id(v) for v in embedder.variables)
    # It is still saved as it was.
    save_model(tmp_path / "model.keras", embedder)
    again = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(again(pictures)), want)
    assert [layer.name for layer in again.layers] == [layer.name for layer in embedder.layers]
