"""The step, embedding and saving on JAX: run by `make devices` in an environment with JAX."""

from __future__ import annotations

from contextlib import nullcontext

import keras
import numpy as np
import pytest

from tests.training.grouped import assert_same_as_one_by_one
from tests.training.nested import nested
from tf_happywhale.config import Model, Train
from tf_happywhale.devices.strategy import choose_devices
from tf_happywhale.errors import ConfigError
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.training.update.frozen import FrozenFirst, with_frozen_backbone
from tf_happywhale.training.update.jax_step import make_step
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import START, LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.step import own_share
from tf_happywhale.training.update.weight_average import WeightAverage

MODEL = Model(embedding_size=6)


@pytest.fixture
def classifier(toy) -> keras.Model:
    keras.utils.set_random_seed(3)
    return build_classifier(toy(MODEL), MODEL, [5, 5, 5, 5])


def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8), rng.integers(0, 4, 8)


def test_a_device_that_is_not_there_is_an_error():
    assert choose_devices(Train()).kind == "CPU"
    with pytest.raises(ConfigError, match=r"train\.device is tpu, but JAX finds no TPU"):
        choose_devices(Train(device="tpu"))


def test_steps_learn_and_move_the_neck_averages(classifier):
    train = Train(batch_size=8)
    neck = classifier.get_layer("embedder").get_layer("neck")
    before = np.asarray(neck.moving_mean)
    step = make_step(None, Learner(classifier, Optimizers(classifier, train)), train, Loss())
    losses = [step(n, *batch(), 0.02) for n in range(30)]
    assert losses[-1] < losses[0] / 2
    assert not np.allclose(np.asarray(neck.moving_mean), before)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_step_that_is_not_finite_leaves_no_trace(classifier, accumulate: int):
    train = Train(batch_size=8, accumulate=accumulate)
    average = WeightAverage(classifier.trainable_variables, 0.9)
    optimizers = Optimizers(classifier, train)
    step = make_step(None, Learner(classifier, optimizers, average), train, Loss())
    step(0, *batch(), 0.01)
    centre = classifier.get_layer("arcface").centre
    centre.assign(np.full(centre.shape, np.nan, np.float32))
    state = [*classifier.variables, *optimizers.state, *average.state, *step.state]
    before = [np.asarray(variable) for variable in state]
    assert np.isnan(step(2, *batch(), 0.01))
    for variable, was in zip(state, before, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), was)


@pytest.mark.parametrize(("accumulate", "bad"), [(1, 3), (2, 2), (2, 3)])
def test_steps_in_one_call_are_the_same_as_one_by_one(classifier, accumulate: int, bad: int):
    """The bad one is the first of an update's, its last, or one between two."""
    # XLA compiles a loop otherwise than one step, and AdamW makes more of a rounding.
    assert_same_as_one_by_one(make_step, None, classifier, batch(), accumulate, bad, atol=1e-4)


def test_steps_in_one_call_mix_embeddings_each_by_its_own_share(classifier):
    train = Train(batch_size=8, embedding_mixup=0.5)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(None, learner, train, Loss(), seed=7)
    nothing = [0.0] * 3  # is learned, so that the steps differ by their shares alone
    losses = [step(number, *batch(), 0.0) for number in range(3)]
    assert len({round(loss, 4) for loss in losses}) == 3
    assert step.together(0, [batch()] * 3, nothing) == pytest.approx(losses, rel=1e-4)


def test_a_factor_that_was_too_large_halves_and_the_step_is_no_bad_one(classifier):
    train, scale = Train(batch_size=8), LossScale("float16")
    learner = Learner(classifier, Optimizers(classifier, train), None, scale)
    step = make_step(None, learner, train, Loss())
    scale.state[0].assign(3e38)
    before = [np.asarray(variable) for variable in classifier.variables]
    assert np.isfinite(step(0, *batch(), 0.01))
    for variable, was in zip(classifier.variables, before, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), was)
    assert float(scale.factor) == pytest.approx(1.5e38)
    scale.state[0].assign(START)
    step(1, *batch(), 0.01)
    moved = zip(classifier.trainable_variables, before, strict=False)
    assert any(np.abs(np.asarray(variable) - was).max() > 1e-4 for variable, was in moved)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_frozen_backbone_stays_bit_for_bit_and_then_moves(accumulate: int):
    train = Train(batch_size=8, freeze_epochs=1, weight_decay=0.1, accumulate=accumulate)
    keras.utils.set_random_seed(3)
    classifier = build_classifier(nested(MODEL), MODEL, [5, 5, 5, 5])
    average = WeightAverage(classifier.trainable_variables, 0.9)
    learner = Learner(classifier, Optimizers(classifier, train), average)
    frozen = make_step(None, with_frozen_backbone(learner), train, Loss(), steps=2)
    step = FrozenFirst(frozen, make_step(None, learner, train, Loss(), steps=4), 2)
    backbone = classifier.get_layer("embedder").get_layer("backbone").variables
    centre = classifier.get_layer("arcface").centre
    start, centres = [np.asarray(variable) for variable in backbone], np.asarray(centre)
    losses = [step(0, *batch(), 0.01), *step.together(1, [batch()], [0.01])]
    assert np.isfinite(losses).all()
    assert not np.allclose(np.asarray(centre), centres)
    for swapped in (nullcontext(), average.swapped()):  # the weights, and their average
        with swapped:
            for variable, was in zip(backbone, start, strict=True):
                np.testing.assert_array_equal(np.asarray(variable), was)
    for number in (2, 3):
        step(number, *batch(), 0.01)
    for variable, was in zip(backbone, start, strict=True):
        assert not np.array_equal(np.asarray(variable), was), variable.path


def test_embeddings_are_mixed_by_the_share_of_the_step(classifier):
    train = Train(batch_size=8, embedding_mixup=0.5)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(None, learner, train, Loss(), seed=7)
    each, plain = (
        np.mean(Loss().each(classifier, *batch(), own)) for own in (own_share(0.5, 7, 3), None)
    )
    found = step(3, *batch(), 0.0)
    assert found == pytest.approx(float(each), rel=1e-4)
    assert found != pytest.approx(float(plain), rel=1e-3)


@pytest.mark.parametrize("mixup", [0.0, 0.5])
def test_teachers_are_learned_from_one_by_one_and_together(toy, mixup: float):
    keras.utils.set_random_seed(3)
    classifier = build_classifier(toy(MODEL), MODEL, [5, 5, 5, 5], taught=3)
    train, loss = Train(batch_size=8, embedding_mixup=mixup), Loss(0, None, 0, 0.5, 30.0)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(None, learner, train, loss, seed=7)
    pictures, targets = batch()
    rows = np.eye(3, dtype=np.float32)[targets % 3]
    taught = {"individual": np.where(np.arange(8) < 6, targets, -1), "teacher": rows}
    losses = [step(number, pictures, taught, 0.0) for number in range(3)]
    together = step.together(0, [(pictures, taught)] * 3, [0.0] * 3)
    assert together == pytest.approx(losses, rel=1e-4)
    own = own_share(mixup, 7, 0) if mixup else None
    each = np.mean(loss.each(classifier, pictures, taught, own))
    assert losses[0] == pytest.approx(float(each), rel=1e-4)
    before = np.asarray(classifier.get_layer("student").kernel)
    step(3, pictures, taught, 0.01)
    assert np.abs(np.asarray(classifier.get_layer("student").kernel) - before).max() > 1e-3


def test_embedding_is_the_model_in_any_number_of_pictures(classifier):
    embedder = classifier.get_layer("embedder")
    forward, pictures = by_keras(embedder), batch()[0]
    for count in (8, 3, 1):
        want = np.asarray(embedder(pictures[:count]))
        np.testing.assert_allclose(forward(pictures[:count]), want, atol=1e-5)
