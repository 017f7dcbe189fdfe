from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Model
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.training.update.loss import Loss

PICTURES = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
FIRST, SECOND = np.array([0, 1, 2, 3, 4, 0]), np.array([1, 2, 3, 4, 0, 0])
SPECIES = np.array([0, 1, 1, 0, 2])  # of the five individuals


@pytest.fixture(scope="module")
def embedder() -> keras.Model:
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    x = GeM(3.0)(keras.layers.Conv2D(8, 3, strides=2)(x))
    return keras.Model(pictures, keras.layers.Dense(16)(x), name="embedder")


@pytest.fixture(scope="module")
def classifier(embedder) -> keras.Model:
    return build_classifier(embedder, Model(), [1] * 5)


@pytest.fixture(scope="module")
def with_species(embedder) -> keras.Model:
    return build_classifier(embedder, Model(species_weight=0.25), [1] * 5, [2, 2, 1])


def cross_entropy(logits, wanted: np.ndarray) -> np.ndarray:
    """Of target distributions [n, classes], in plain arithmetic."""
    logits = np.float64(logits)
    return np.log(np.exp(logits).sum(axis=1)) - (wanted * logits).sum(axis=1)


def mixed(classifier: keras.Model, share) -> np.ndarray:
    targets = (FIRST, SECOND, np.broadcast_to(np.float32(share), 6))
    return Loss().each(classifier, PICTURES, targets).numpy()


def test_it_is_the_cross_entropy_of_each_picture(classifier) -> None:
    logits = classifier([PICTURES, FIRST], training=True)
    found = Loss().each(classifier, PICTURES, FIRST)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, cross_entropy(logits, np.eye(5)[FIRST]), rtol=1e-5)


def test_smoothed_targets_are_spread_over_all_individuals(classifier) -> None:
    logits = classifier([PICTURES, FIRST], training=True)
    wanted = 0.8 * np.eye(5)[FIRST] + 0.2 / 5
    found = Loss(smoothing=0.2).each(classifier, PICTURES, FIRST)
    np.testing.assert_allclose(found, cross_entropy(logits, wanted), rtol=1e-5)


def test_the_species_head_has_its_share(with_species) -> None:
    both = with_species([PICTURES, FIRST, SPECIES[FIRST]], training=True)
    wanted = (np.eye(5)[FIRST], np.eye(3)[[0, 1, 1, 0, 2, 0]])
    individuals, species = (cross_entropy(*pair) for pair in zip(both, wanted, strict=True))
    found = Loss(species=SPECIES, species_weight=0.25).each(with_species, PICTURES, FIRST)
    np.testing.assert_allclose(found, 0.75 * individuals + 0.25 * species, rtol=1e-5)


def test_a_share_of_one_or_nothing_is_the_loss_of_one_target(classifier) -> None:
    for share, target in ((1.0, FIRST), (0.0, SECOND)):
        alone = Loss().each(classifier, PICTURES, target)
        np.testing.assert_allclose(mixed(classifier, share), alone, rtol=1e-5)


def test_between_them_it_is_the_weighted_mean(classifier) -> None:
    ends = mixed(classifier, 1.0), mixed(classifier, 0.0)
    np.testing.assert_allclose(mixed(classifier, 0.3), 0.3 * ends[0] + 0.7 * ends[1], rtol=1e-5)


def test_mixed_embeddings_have_both_targets_of_what_they_are_mixed_from(with_species) -> None:
    """By hand: 0.7 of each embedding and 0.3 of the next one's, the last one's next the first."""
    alone = np.asarray(with_species.get_layer("embedder")(PICTURES, training=True))
    following = [1, 2, 3, 4, 5, 0]
    between = tf.constant(0.7 * alone + 0.3 * alone[following], tf.float32)
    wanted = np.zeros(6)
    for target, share in ((FIRST, 0.7), (FIRST[following], 0.3)):
        heads = (("arcface", target, 5, 0.75), ("arcface_species", SPECIES[target], 3, 0.25))
        for name, classes, count, weight in heads:
            logits = with_species.get_layer(name)(between, classes)
            wanted += share * weight * cross_entropy(logits, np.eye(count)[classes])
    loss = Loss(species=SPECIES, species_weight=0.25)
    found = loss.each(with_species, PICTURES, FIRST, tf.constant(0.7))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_an_embedding_that_keeps_all_of_its_own_is_not_mixed(classifier) -> None:
    alone = Loss().each(classifier, PICTURES, FIRST)
    same = Loss().each(classifier, PICTURES, FIRST, tf.constant(1.0))
    np.testing.assert_allclose(same, alone, rtol=1e-6)


def test_gradients_reach_the_backbone_and_both_heads(with_species) -> None:
    targets = (tf.constant(FIRST), tf.constant(SECOND), tf.fill([6], 0.4))
    loss = Loss(species=SPECIES, species_weight=0.25)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(loss.each(with_species, tf.constant(PICTURES), targets))
    variables = [variable.value for variable in with_species.trainable_variables]
    gradients = tape.gradient(total, variables)
    assert all(gradient is not None for gradient in gradients)
    assert all(np.abs(gradient.numpy()).max() > 0 for gradient in gradients)
