"""Training in bfloat16 on a CPU, of a small EfficientNet with the layers of the real ones."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Model, Train
from tf_happywhale.devices.precision import policy
from tf_happywhale.models.backbones.build import build_variant
from tf_happywhale.models.backbones.variants import EfficientNet, Stage
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.tensorflow_step import make_step

STEPS = 6


def classifier_of(activation: str, precision: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    stages = (Stage("depthwise", 1, 3, 1, 1, 16), Stage("inverted", 2, 5, 2, 2, 16))
    network = EfficientNet("", 32, stages, stem=16, head=32, activation=activation)
    with policy(precision):
        pictures = keras.Input((None, None, 3), name="picture")
        x = GeM(3.0)(build_variant(network)(pictures))
        embedding = keras.layers.Dense(8, dtype="float32")(x)
        embedder = keras.Model(pictures, embedding, name="embedder")
        return build_classifier(embedder, Model(backbone="lite0"), [1] * 4)


def losses_and_weights(activation: str, precision: str) -> tuple[list[float], list[np.ndarray]]:
    classifier, train = classifier_of(activation, precision), Train(batch_size=8)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(tf.distribute.OneDeviceStrategy("/cpu:0"), learner, train, Loss())
    rng = np.random.default_rng(1)
    pictures = tf.constant(rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8))
    targets = tf.constant(rng.integers(0, 4, 8))
    losses = [step(number, pictures, targets, 3e-3) for number in range(STEPS)]
    return losses, [variable.numpy() for variable in classifier.trainable_variables]


@pytest.mark.parametrize("activation", ["relu6", "silu"])
def test_it_learns_as_in_float32_and_twice_the_same(activation: str) -> None:
    exact, _ = losses_and_weights(activation, "float32")
    found, weights = losses_and_weights(activation, "bfloat16")
    assert exact[-1] < 0.9 * exact[0]
    np.testing.assert_allclose(found, exact, rtol=0.03)
    assert found != exact
    again, same = losses_and_weights(activation, "bfloat16")
    assert again == found
    for one, other in zip(weights, same, strict=True):
        np.testing.assert_array_equal(one, other)
