from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.embedder import build_embedder, synchronise_neck
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.pretrained import pretrained_backbone


@pytest.fixture(scope="module")
def embedder() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_embedder(Model(gem_p=2.5))


@pytest.fixture(scope="module")
def strong() -> keras.Model:
    """Two stages pooled, the neck's output as embedding, BatchNorms frozen."""
    keras.utils.set_random_seed(0)
    return build_embedder(
        Model(pooling="last_two", embedding_size=None, freeze_norm=True, train_gem_p=False)
    )


def pictures(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng([height, width])
    return rng.integers(0, 256, (3, height, width, 3), dtype=np.uint8)


def test_uint8_and_float_pictures_give_the_same_embedding(embedder):
    plain = pictures(64, 64)
    embedding = np.asarray(embedder(plain))
    np.testing.assert_array_equal(embedding, np.asarray(embedder(plain.astype(np.float32))))
    np.testing.assert_array_equal(embedding, np.asarray(embedder(plain.astype(np.float64))))
    assert np.abs(embedding[0] - embedding[1]).max() > 1e-3


@pytest.mark.parametrize(("height", "width"), [(32, 32), (70, 41), (96, 160)])
def test_any_picture_size_gives_float32_of_the_embedding_size(embedder, height, width):
    embedding = np.asarray(embedder(pictures(height, width)))
    assert embedding.shape == (3, 512)
    assert embedding.dtype == np.float32
    assert np.isfinite(embedding).all()


def test_is_backbone_gem_batchnorm_dense(embedder, lite0):
    """The layers' weights in plain arithmetic on the backbone's feature map."""
    batch = pictures(96, 96)
    features = np.maximum(np.float64(lite0(batch)), 1e-6)
    pooled = (features**2.5).mean(axis=(1, 2)) ** (1 / 2.5)
    gamma, beta, mean, variance = embedder.get_layer("neck").get_weights()
    kernel, bias = embedder.get_layer("embedding").get_weights()
    neck = gamma * (pooled - mean) / np.sqrt(variance + 1e-5) + beta
    want = neck @ kernel + bias
    assert kernel.shape == (1280, 512)
    np.testing.assert_allclose(np.asarray(embedder(batch)), want, atol=1e-4 * np.abs(want).max())


def test_gem_is_trained_from_the_exponent_given(embedder):
    gem = embedder.get_layer("gem")
    assert isinstance(gem, GeM)
    assert float(gem.exponent) == 2.5
    assert any(variable is gem.exponent for variable in embedder.trainable_variables)


def test_two_stages_side_by_side_and_the_neck_are_the_embedding(strong):
    """In plain arithmetic on the backbone's two maps: of 112 and 320 channels."""
    batch = pictures(96, 96)
    maps = pretrained_backbone("lite0", features=("stage3", "stage4"))(batch)
    pooled = [
        (np.maximum(np.float64(each), 1e-6) ** 3).mean(axis=(1, 2)) ** (1 / 3) for each in maps
    ]
    gamma, beta, mean, variance = strong.get_layer("neck").get_weights()
    joined = np.concatenate(pooled, axis=1)
    want = gamma * (joined - mean) / np.sqrt(variance + 1e-5) + beta
    found = np.asarray(strong(batch))
    assert found.shape == (3, 112 + 320)
    np.testing.assert_allclose(found, want, atol=1e-4 * np.abs(want).max())


def test_frozen_norms_keep_weights_and_statistics_the_neck_does_not(strong):
    """Also those of the network nested in the embedder; the exponents were asked to stay."""
    kept = {id(v) for v in strong.trainable_variables}
    (backbone,) = [layer for layer in strong.layers if isinstance(layer, keras.Model)]
    norms = [v for v in backbone.variables if v.name in ("gamma", "beta")]
    assert len(norms) > 50
    assert not kept & {id(v) for v in norms}
    assert {id(v) for v in strong.get_layer("neck").trainable_variables} < kept
    assert not any(v.name == "p" for v in strong.trainable_variables)
    before = backbone.get_weights()
    was_neck = strong.get_layer("neck").get_weights()
    strong(pictures(64, 64), training=True)
    for now, was in zip(backbone.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)
    neck = strong.get_layer("neck")
    assert np.abs(neck.get_weights()[2] - was_neck[2]).max() > 0
    neck.set_weights(was_neck)


def test_frozen_norms_stay_frozen_when_saved_and_loaded(strong, reload):
    loaded, batch = reload(strong), pictures(64, 48)
    np.testing.assert_array_equal(np.asarray(loaded(batch)), np.asarray(strong(batch)))
    assert len(loaded.trainable_variables) == len(strong.trainable_variables)


def test_dropout_is_of_training_only(monkeypatch):
    inputs = keras.Input((None, None, 3))
    small = keras.Model(inputs, keras.layers.Conv2D(64, 3, activation="relu")(inputs))
    monkeypatch.setattr("tf_happywhale.models.embedder.pretrained_backbone", lambda *_, **__: small)
    embedder = build_embedder(Model(embedding_size=None, dropout=0.5))
    batch = pictures(16, 16)
    plain = np.asarray(embedder(batch))
    assert (plain != 0).mean() > 0.9
    dropped = np.asarray(embedder(batch, training=True))
    assert 0.3 < (dropped == 0).mean() < 0.7


def test_saved_and_loaded_the_embedder_says_the_same(embedder, reload):
    loaded, batch = reload(embedder), pictures(64, 48)
    np.testing.assert_array_equal(np.asarray(loaded(batch)), np.asarray(embedder(batch)))


def test_under_a_mixed_policy_embedding_and_logits_stay_float32(monkeypatch, policy):
    """A small network instead of the backbone: the policy is what counts."""
    inputs = keras.Input((None, None, 3))
    small = keras.Model(inputs, keras.layers.Conv2D(4, 3, activation="relu")(inputs))
    monkeypatch.setattr("tf_happywhale.models.embedder.pretrained_backbone", lambda *_, **__: small)
    embedder = build_embedder(Model(embedding_size=6))
    classifier = build_classifier(embedder, Model(), [1] * 4)
    batch = pictures(16, 16)
    assert np.asarray(embedder(batch)).dtype == np.float32
    logits = np.asarray(classifier([batch, np.array([0, 1, 2])]))
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_only_the_necks_moments_are_taken_over_all_devices(strong):
    synchronise_neck(strong, True)
    neck = strong.get_layer("neck")
    norms = [
        layer
        for layer in strong._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert [layer for layer in norms if layer.synchronized] == [neck]
    assert len(norms) > 1
    synchronise_neck(strong, False)
    assert not neck.synchronized


def test_with_a_region_the_rest_of_the_picture_does_not_count(embedder):
    """The same weights give what they give for that part alone."""
    part = build_embedder(Model(gem_p=2.5, region=(0.25, 0, 0.75, 0.5)))
    part.set_weights(embedder.get_weights())
    batch = pictures(128, 128)
    np.testing.assert_allclose(
        np.asarray(part(batch)), np.asarray(embedder(batch[:, :64, 32:96])), rtol=1e-5, atol=1e-5
    )


def test_columns_are_pooled_beside_the_whole_map(lite0):
    """What the neck is given, from the backbone's map in plain arithmetic."""
    both = build_embedder(Model(gem_p=1, columns=2, embedding_size=None))
    batch = pictures(64, 160)
    whole = np.maximum(np.float64(lite0(batch)), 1e-6)  # five cells wide
    parts = [whole, whole[:, :, :3], whole[:, :, 2:]]
    want = np.concatenate([part.mean(axis=(1, 2)) for part in parts], axis=1)
    neck = keras.Model(both.inputs, both.get_layer("neck").input)
    np.testing.assert_allclose(np.asarray(neck(batch)), want, atol=1e-4 * want.max())
