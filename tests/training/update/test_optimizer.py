from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.config import Model, Train
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.training.update.optimizer import Optimizers, backbone_variables


@pytest.fixture
def classifier() -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    backbone = keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs), name="backbone")
    pictures = keras.Input((None, None, 3))
    x = GeM(3.0, trainable=False)(backbone(pictures))
    embedder = keras.Model(pictures, keras.layers.Dense(8)(x), name="embedder")
    return build_classifier(embedder, Model(), [1, 1, 1])


def adamw(values, gradients, rates, decay: float) -> list[np.ndarray]:
    """Loshchilov, Hutter: Decoupled Weight Decay Regularization, 2019, written out (β .9, .999)."""
    value, first, second = np.float64(values), 0.0, 0.0
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        value = value - decay * rate * value
        moved = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
        value = value - rate * moved
    return value


@pytest.mark.parametrize("head_rate", [1.0, 10.0])
def test_two_steps_are_adamw_with_the_heads_own_rate(classifier, head_rate):
    optimizers = Optimizers(classifier, Train(head_rate=head_rate, weight_decay=0.1))
    variables = classifier.trainable_variables
    backbone = {id(variable) for variable in backbone_variables(classifier)}
    before = [variable.numpy() for variable in variables]
    rng, rates = np.random.default_rng(0), (0.01, 0.003)
    gradients = [
        [rng.uniform(0.1, 1, v.shape).astype(np.float32) for v in variables] for _ in rates
    ]
    for each, rate in zip(gradients, rates, strict=True):
        optimizers.apply([keras.ops.convert_to_tensor(g) for g in each], rate)
    for n, variable in enumerate(variables):
        multiple = 1.0 if id(variable) in backbone else head_rate
        own = [each[n] for each in gradients]
        want = adamw(before[n], own, [rate * multiple for rate in rates], 0.1)
        np.testing.assert_allclose(variable.numpy(), want, atol=1e-5)


def test_the_backbone_is_the_network_inside_the_embedder(classifier):
    backbone = classifier.get_layer("embedder").get_layer("backbone")
    found = {id(variable) for variable in backbone_variables(classifier)}
    assert found == {id(variable) for variable in backbone.trainable_variables}
    assert len(found) == 2


def test_the_state_holds_every_moment_of_every_variable(classifier):
    count = len(classifier.trainable_variables)
    for settings, optimizers in (({}, 1), ({"head_rate": 10}, 2), ({"freeze_epochs": 1}, 2)):
        state = Optimizers(classifier, Train(**settings)).state
        assert len(state) == 2 * count + 2 * optimizers  # two moments, step number and rate


def test_a_backbone_that_is_frozen_to_the_end_has_no_moments(classifier):
    count = len(classifier.trainable_variables) - len(backbone_variables(classifier))
    optimizers = Optimizers(classifier, Train(epochs=3, freeze_epochs=3))
    assert len(optimizers.variables) == count
    assert len(optimizers.state) == 2 * count + 2
