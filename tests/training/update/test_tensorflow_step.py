from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training.grouped import assert_same_as_one_by_one
from tf_happywhale.config import Model, Train
from tf_happywhale.devices.precision import policy
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.step import own_share
from tf_happywhale.training.update.tensorflow_step import make_step
from tf_happywhale.training.update.weight_average import WeightAverage


@pytest.fixture
def classifier(toy) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = Model(embedding_size=6)
    return build_classifier(toy(model), model, [5, 5, 5, 5])


class Descent:
    """Plain gradient descent, as `make_step` wants an optimizer."""

    def __init__(self, classifier: keras.Model) -> None:
        self.variables = classifier.trainable_variables

    def apply(self, gradients: list, learning_rate) -> None:
        for variable, gradient in zip(self.variables, gradients, strict=True):
            variable.assign_sub(learning_rate * gradient)


def batch() -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    return tf.constant(pictures), tf.constant(rng.integers(0, 4, 8))


def step_for(
    classifier: keras.Model,
    average: WeightAverage | None = None,
    scale: LossScale | None = None,
    **settings,
):
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    train = Train(**{"batch_size": 8, "clip_norm": 1e6, **settings})
    learner = Learner(classifier, Descent(classifier), average, scale or LossScale("float32"))
    return make_step(strategy, learner, train, Loss())


def values(classifier: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in classifier.trainable_variables]


def gradients_of(classifier: keras.Model, pictures, targets) -> tuple[float, list[np.ndarray]]:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(Loss().each(classifier, pictures, targets))
    gradients = tape.gradient(loss, [v.value for v in classifier.trainable_variables])
    return float(loss), [gradient.numpy() for gradient in gradients]


def test_a_step_moves_against_the_gradient_at_the_rate_it_is_given(classifier):
    pictures, targets = batch()
    before = values(classifier)
    loss, gradients = gradients_of(classifier, pictures, targets)
    said = step_for(classifier)(0, pictures, targets, 0.01)
    assert said == pytest.approx(loss, rel=1e-5)
    for now, was, gradient in zip(values(classifier), before, gradients, strict=True):
        np.testing.assert_allclose(now, was - 0.01 * gradient, atol=1e-5)


def test_the_clip_norm_bounds_a_step(classifier):
    before = values(classifier)
    step_for(classifier, clip_norm=0.5)(0, *batch(), 1.0)
    after = values(classifier)
    moved = sum(((a - b) ** 2).sum() for a, b in zip(after, before, strict=True)) ** 0.5
    assert moved == pytest.approx(0.5, rel=1e-3)


def test_accumulated_steps_move_once_by_the_mean_gradient(classifier):
    """Three batches a step: nothing moves on the first two, and the next three start again."""
    pictures, targets = batch()
    batches = [(pictures, tf.roll(targets, shift, 0)) for shift in range(3)]
    step, before = step_for(classifier, accumulate=3), values(classifier)
    for _ in range(2):
        each = [gradients_of(classifier, *one)[1] for one in batches]
        for number, one in enumerate(batches[:2]):
            step(number, *one, 0.01)
        for now, was in zip(values(classifier), before, strict=True):
            np.testing.assert_array_equal(now, was)
        step(2, *batches[2], 0.01)
        for now, was, *three in zip(values(classifier), before, *each, strict=True):
            np.testing.assert_allclose(now, was - 0.01 * np.mean(three, axis=0), atol=2e-5)
        before = values(classifier)


def test_a_step_takes_the_new_weights_into_the_average(classifier):
    """After one update the decay is (1 + 1) / (10 + 1), whatever the one asked for."""
    before = values(classifier)
    average = WeightAverage(classifier.trainable_variables, 0.9)
    step_for(classifier, average)(0, *batch(), 0.01)
    after = values(classifier)
    with average.swapped():
        for now, was, last in zip(values(classifier), before, after, strict=True):
            np.testing.assert_allclose(now, was * 2 / 11 + last * 9 / 11, atol=1e-6)
    for now, last in zip(values(classifier), after, strict=True):
        np.testing.assert_array_equal(now, last)


def test_steps_learn_and_move_the_neck_averages(classifier):
    averages = classifier.get_layer("embedder").get_layer("neck").moving_mean
    before = averages.numpy()
    step = step_for(classifier, clip_norm=1.0)
    losses = [step(n, *batch(), 0.1) for n in range(30)]
    assert losses[-1] < losses[0] / 2
    assert not np.allclose(averages.numpy(), before)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_step_that_is_not_finite_leaves_no_trace(classifier, accumulate: int):
    """Neither in weights nor in the neck's statistics, the average or gradients not yet applied."""
    average = WeightAverage(classifier.trainable_variables, 0.9)
    step = step_for(classifier, average, accumulate=accumulate)
    pictures, targets = batch()
    step(0, pictures, targets, 0.01)
    centre = classifier.get_layer("arcface").centre
    good = centre.numpy()
    centre.assign(np.full_like(good, np.nan))
    state = [*classifier.variables, *average.state, *step.state]
    before = [variable.numpy() for variable in state]
    assert np.isnan(step(2, pictures, targets, 0.01))
    for variable, was in zip(state, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), was)
    centre.assign(good)
    assert np.isfinite(step(2, pictures, targets, 0.01))


@pytest.mark.parametrize(("accumulate", "bad"), [(1, 3), (2, 2), (2, 3)])
def test_steps_in_one_call_are_the_same_as_one_by_one(classifier, accumulate: int, bad: int):
    """The bad one is the first of an update's, its last, or one between two."""
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    assert_same_as_one_by_one(make_step, strategy, classifier, batch(), accumulate, bad, atol=1e-5)


def test_steps_in_one_call_mix_embeddings_each_by_its_own_share(classifier):
    train = Train(batch_size=8, embedding_mixup=0.5)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(tf.distribute.get_strategy(), learner, train, Loss(), seed=7)
    nothing = [0.0] * 3  # is learned, so that the steps differ by their shares alone
    losses = [step(number, *batch(), 0.0) for number in range(3)]
    assert len({round(loss, 4) for loss in losses}) == 3
    assert step.together(0, [batch()] * 3, nothing) == pytest.approx(losses, rel=1e-4)


def test_a_bad_last_step_leaves_the_update_to_the_others(classifier):
    """The update is the mean of the steps that were finite; where none was, there is no update."""
    step, before = step_for(classifier, accumulate=2), values(classifier)
    pictures, targets = batch()
    _, gradients = gradients_of(classifier, pictures, targets)
    bad = targets, targets, tf.fill([8], float("nan"))
    step(0, pictures, targets, 0.01)
    assert np.isnan(step(1, pictures, bad, 0.01))
    after = values(classifier)
    for now, was, gradient in zip(after, before, gradients, strict=True):
        np.testing.assert_allclose(now, was - 0.01 * gradient, atol=1e-5)
    assert all((total.numpy() == 0).all() for total in step.state)
    for number in (2, 3):
        assert np.isnan(step(number, pictures, bad, 0.01))
    for now, was in zip(values(classifier), after, strict=True):
        np.testing.assert_array_equal(now, was)


def test_the_last_update_of_a_run_is_the_mean_of_what_is_left(classifier):
    strategy, train = tf.distribute.get_strategy(), Train(batch_size=8, accumulate=3, clip_norm=1e6)
    learner = Learner(classifier, Descent(classifier))
    step = make_step(strategy, learner, train, Loss(), steps=5)
    before, (pictures, targets) = values(classifier), batch()
    each = [gradients_of(classifier, pictures, tf.roll(targets, n, 0))[1] for n in range(2)]
    for n in range(2):
        step(3 + n, pictures, tf.roll(targets, n, 0), 0.01)
    for now, was, *two in zip(values(classifier), before, *each, strict=True):
        np.testing.assert_allclose(now, was - 0.01 * np.mean(two, axis=0), atol=2e-5)


def test_a_step_with_adaptive_clipping_moves_no_filter_further_than_it_may(classifier):
    """Plain gradient descent at rate 1: a filter moves by its clipped gradient."""
    step = step_for(classifier, clip_norm=1e9, adaptive_clip=0.01)
    centres = classifier.get_layer("arcface").centre
    was_centres = centres.numpy()
    kernels = [v for v in classifier.trainable_variables if v.name == "kernel"]
    before = [v.numpy() for v in kernels]
    step(0, *batch(), 1.0)
    for variable, was in zip(kernels, before, strict=True):
        axes = tuple(range(was.ndim - 1))
        moved = np.sqrt(np.square(variable.numpy() - was).sum(axis=axes))
        allowed = 0.01 * np.maximum(np.sqrt(np.square(was).sum(axis=axes)), 1e-3)
        assert (moved <= allowed * 1.001).all()
        assert moved.max() > 0
    moved = np.linalg.norm(centres.numpy() - was_centres, axis=-1)
    assert (moved > 0.02 * np.linalg.norm(was_centres, axis=-1)).any()


def test_the_factor_of_float16_cancels_out(classifier):
    """The same step as without, in float32, to rounding: the factor is a power of two."""
    start = values(classifier)
    step_for(classifier)(0, *batch(), 0.01)
    want = values(classifier)
    for variable, value in zip(classifier.trainable_variables, start, strict=True):
        variable.assign(value)
    step_for(classifier, scale=LossScale("float16"))(0, *batch(), 0.01)
    for now, plain in zip(values(classifier), want, strict=True):
        np.testing.assert_allclose(now, plain, atol=1e-6)


def test_a_factor_that_is_too_large_halves_and_the_step_is_no_bad_one(classifier):
    scale, before = LossScale("float16"), values(classifier)
    step = step_for(classifier, scale=scale)
    scale.state[0].assign(3e38)
    assert np.isfinite(step(0, *batch(), 0.01))
    for now, was in zip(values(classifier), before, strict=True):
        np.testing.assert_array_equal(now, was)
    assert float(scale.factor) == pytest.approx(1.5e38)


def test_a_loss_that_is_not_finite_is_a_bad_step_whatever_the_factor(classifier):
    centre = classifier.get_layer("arcface").centre
    centre.assign(np.full_like(centre.numpy(), np.nan))
    assert np.isnan(step_for(classifier, scale=LossScale("float16"))(0, *batch(), 0.01))


def test_a_network_in_float16_learns(toy):
    keras.utils.set_random_seed(3)
    model = Model(embedding_size=6)
    with policy("float16"):
        classifier = build_classifier(toy(model), model, [5, 5, 5, 5])
    step = step_for(classifier, scale=LossScale("float16"), clip_norm=1.0)
    losses = [step(n, *batch(), 0.1) for n in range(30)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0] / 2


def test_embeddings_keep_a_share_that_depends_on_seed_and_step_alone():
    drawn = [own_share(0.5, 7, step) for step in range(200)]
    assert drawn == [own_share(0.5, 7, step) for step in range(200)]
    assert drawn != [own_share(0.5, 8, step) for step in range(200)]
    # Beta(0.5, 0.5) has mean 1/2 and variance 1/8.
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.08)
    assert np.var(drawn) == pytest.approx(0.125, abs=0.03)
    assert own_share(0, 7, 3) == 1


def test_a_step_mixes_embeddings_where_it_is_asked_to(classifier):
    losses = []
    for mixup in (0.0, 0.5):
        settings = Train(batch_size=8, embedding_mixup=mixup)
        learner = Learner(classifier, Descent(classifier))
        step = make_step(tf.distribute.get_strategy(), learner, settings, Loss(), seed=7)
        losses.append(step(3, *batch(), 0.0))
    expected = Loss().each(classifier, *batch(), tf.constant(own_share(0.5, 7, 3), tf.float32))
    assert losses[1] == pytest.approx(float(np.mean(expected)), rel=1e-4)
    assert losses[1] != pytest.approx(losses[0], rel=1e-3)
