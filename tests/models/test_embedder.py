from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.models.arcface import ArcFace
from tf_happywhale.models.embedder import build_classifier, build_embedder
from tf_happywhale.models.gem import GeM


@pytest.fixture(scope="module")
def embedder() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_embedder("lite0", weights="default", gem_p=2.5, embedding_size=512)


@pytest.fixture(scope="module")
def classifier(embedder) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_classifier(
        embedder, classes=9, margin=0.25, scale=20.0, easy_margin=True, label_smoothing=0.1
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


def test_the_classifier_is_arcface_over_the_embedder(embedder, classifier):
    batch, target = pictures(64, 64), np.array([0, 8, 3])
    head = classifier.get_layer("arcface")
    assert isinstance(head, ArcFace)
    options = (head.classes, head.margin, head.scale, head.easy_margin, head.label_smoothing)
    assert options == (9, 0.25, 20.0, True, 0.1)
    logits = np.asarray(classifier([batch, target]))
    assert logits.shape == (3, 9)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, np.asarray(head(embedder(batch), target)), atol=1e-5)


def test_the_classifier_trains_the_embedder_it_was_given(embedder, classifier):
    mine = {id(variable) for variable in classifier.trainable_variables}
    assert {id(variable) for variable in embedder.trainable_variables} < mine
    assert len(mine) == len(embedder.trainable_variables) + 1


def test_saved_and_loaded_the_embedder_says_the_same(embedder, reload):
    loaded, batch = reload(embedder), pictures(64, 48)
    np.testing.assert_array_equal(np.asarray(loaded(batch)), np.asarray(embedder(batch)))


def test_saved_and_loaded_the_classifier_says_the_same(classifier, reload):
    loaded, batch = reload(classifier), [pictures(48, 64), np.array([1, 2, 0])]
    np.testing.assert_array_equal(np.asarray(loaded(batch)), np.asarray(classifier(batch)))


def test_under_a_mixed_policy_embedding_and_logits_stay_float32(monkeypatch, policy):
    """A small network instead of the backbone: the policy is what counts."""
    inputs = keras.Input((None, None, 3))
    small = keras.Model(inputs, keras.layers.Conv2D(4, 3, activation="relu")(inputs))
    monkeypatch.setattr("tf_happywhale.models.embedder.pretrained_backbone", lambda *_, **__: small)
    embedder = build_embedder("lite0", weights="none", gem_p=3.0, embedding_size=6)
    classifier = build_classifier(
        embedder, classes=4, margin=0.3, scale=30.0, easy_margin=False, label_smoothing=0.0
    )
    batch = pictures(16, 16)
    assert np.asarray(embedder(batch)).dtype == np.float32
    logits = np.asarray(classifier([batch, np.array([0, 1, 2])]))
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
