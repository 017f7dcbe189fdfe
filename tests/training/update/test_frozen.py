from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training.nested import nested
from tf_happywhale.config import Model, Train
from tf_happywhale.devices.precision import policy
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.training.update.frozen import FrozenFirst, with_frozen_backbone
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.tensorflow_step import make_step
from tf_happywhale.training.update.weight_average import WeightAverage

FROZEN = 3  # steps, of five


def batch() -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    return tf.constant(pictures), tf.constant(rng.integers(0, 4, 8))


def learner_of(train: Train, precision: str = "float32") -> Learner:
    keras.utils.set_random_seed(3)
    model = Model(embedding_size=6)
    with policy(precision):
        classifier = build_classifier(nested(model), model, [5, 5, 5, 5])
    average = WeightAverage(classifier.trainable_variables, 0.9)
    return Learner(classifier, Optimizers(classifier, train), average, LossScale(precision))


def frozen_first(learner: Learner, train: Train) -> FrozenFirst:
    strategy = tf.distribute.get_strategy()
    frozen = make_step(strategy, with_frozen_backbone(learner), train, Loss(), steps=FROZEN)
    return FrozenFirst(frozen, make_step(strategy, learner, train, Loss(), steps=5), FROZEN)


def parts(learner: Learner) -> dict[str, list[np.ndarray]]:
    """The values of the backbone and of the rest, in what is trained and in what moves along."""
    classifier, averages = learner.classifier, learner.average.state[1:]
    backbone = classifier.get_layer("embedder").get_layer("backbone")
    own = {id(variable) for variable in backbone.variables}
    found = {"backbone": [], "rest": []}
    for variable in classifier.variables:
        found["backbone" if id(variable) in own else "rest"].append(np.asarray(variable))
    for variable, average in zip(classifier.trainable_variables, averages, strict=True):
        found["backbone" if id(variable) in own else "rest"].append(np.asarray(average))
    return found


def how_many_moved(now: list[np.ndarray], before: list[np.ndarray]) -> int:
    return sum(not np.array_equal(a, b) for a, b in zip(now, before, strict=True))


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_backbone_stays_bit_for_bit_and_then_moves(accumulate: int, together: bool):
    """Neither its weights nor their average, statistics and random state; all else does."""
    train = Train(batch_size=8, freeze_epochs=1, weight_decay=0.1, accumulate=accumulate)
    learner = learner_of(train)
    step, start = frozen_first(learner, train), parts(learner)
    if together:
        step.together(0, [batch()] * FROZEN, [0.01] * FROZEN)
    else:
        for number in range(FROZEN):
            step(number, *batch(), 0.01)
    frozen = parts(learner)
    assert how_many_moved(frozen["backbone"], start["backbone"]) == 0
    assert how_many_moved(frozen["rest"], start["rest"]) == len(start["rest"])
    assert learner.optimizers.updates == (FROZEN + accumulate - 1) // accumulate
    assert not any(np.any(variable) for variable in step.state), "something was never applied"
    for number in range(FROZEN, 5):
        step(number, *batch(), 0.01)
    assert how_many_moved(parts(learner)["backbone"], frozen["backbone"]) == len(start["backbone"])


def test_the_rest_learns_on_a_backbone_that_leaves_nothing_out():
    """Its loss is that of the network without the backbone's Dropout."""
    train = Train(batch_size=8, freeze_epochs=1)
    learner = with_frozen_backbone(learner_of(train))
    embedder = learner.classifier.get_layer("embedder")
    maps = embedder.get_layer("backbone")(batch()[0], training=False)
    for name in ("gem", "neck", "embedding"):
        layer = embedder.get_layer(name)
        maps = layer(maps, training=True) if name == "neck" else layer(maps)
    logits = learner.classifier.get_layer("arcface")(maps, batch()[1])
    want = keras.losses.sparse_categorical_crossentropy(batch()[1], logits, from_logits=True)
    step = make_step(tf.distribute.get_strategy(), learner, train, Loss())
    losses = [step(number, *batch(), 0.05) for number in range(20)]
    assert losses[0] == pytest.approx(float(np.mean(want)), rel=1e-4)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_frozen_backbone_of_lower_precision(precision: str):
    train = Train(batch_size=8, freeze_epochs=1)
    learner = learner_of(train, precision)
    step, start = frozen_first(learner, train), parts(learner)
    assert all(np.isfinite(step(0, *batch(), 0.01)) for _ in range(12))  # float16's factor falls
    found = parts(learner)
    assert how_many_moved(found["backbone"], start["backbone"]) == 0
    assert how_many_moved(found["rest"], start["rest"]) == len(start["rest"])


def test_a_frozen_step_that_is_not_finite_leaves_no_trace():
    train = Train(batch_size=8, freeze_epochs=1)
    learner = learner_of(train)
    step, (pictures, targets) = frozen_first(learner, train), batch()
    step(0, pictures, targets, 0.01)
    state = [*learner.classifier.variables, *learner.optimizers.state, *learner.average.state]
    before = [np.asarray(variable) for variable in state]
    assert np.isnan(step(1, pictures, (targets, targets, tf.fill([8], float("nan"))), 0.01))
    assert how_many_moved([np.asarray(variable) for variable in state], before) == 0
