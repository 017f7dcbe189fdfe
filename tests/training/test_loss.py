from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.embedder import build_classifier
from tf_happywhale.models.gem import GeM
from tf_happywhale.training.mixed_loss import mixed_loss
from tf_happywhale.training.step import batch_loss

PICTURES = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
FIRST, SECOND = np.array([0, 1, 2, 3, 4, 0]), np.array([1, 2, 3, 4, 0, 0])


@pytest.fixture(scope="module")
def classifier() -> keras.Model:
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    x = GeM(3.0)(keras.layers.Conv2D(8, 3, strides=2)(x))
    embedder = keras.Model(pictures, keras.layers.Dense(16)(x), name="embedder")
    return build_classifier(
        embedder, classes=5, margin=0.3, scale=30.0, easy_margin=False, label_smoothing=0.0
    )


def mixed(classifier: keras.Model, share) -> float:
    targets = (FIRST, SECOND, np.broadcast_to(np.float32(share), 6))
    return float(mixed_loss(classifier, PICTURES, targets, 6))


def test_a_share_of_one_or_nothing_is_the_loss_of_one_target(classifier) -> None:
    for share, target in ((1.0, FIRST), (0.0, SECOND)):
        alone = float(batch_loss(classifier, PICTURES, target, 6))
        assert mixed(classifier, share) == pytest.approx(alone, rel=1e-5)


def test_between_them_it_is_the_weighted_mean(classifier) -> None:
    ends = mixed(classifier, 1.0), mixed(classifier, 0.0)
    assert mixed(classifier, 0.3) == pytest.approx(0.3 * ends[0] + 0.7 * ends[1], rel=1e-5)


def test_gradients_reach_the_backbone_and_the_head(classifier) -> None:
    targets = (tf.constant(FIRST), tf.constant(SECOND), tf.fill([6], 0.4))
    with tf.GradientTape() as tape:
        loss = mixed_loss(classifier, tf.constant(PICTURES), targets, 6)
    values = [variable.value for variable in classifier.trainable_variables]
    gradients = tape.gradient(loss, values)
    assert all(gradient is not None for gradient in gradients)
    assert all(np.abs(gradient.numpy()).max() > 0 for gradient in gradients)
