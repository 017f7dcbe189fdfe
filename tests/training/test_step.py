from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.embedder import build_classifier
from tf_happywhale.training.step import batch_loss, clip_by_global_norm, make_step


@pytest.fixture
def classifier(toy) -> keras.Model:
    keras.utils.set_random_seed(3)
    return build_classifier(
        toy("toy", weights="none", gem_p=3.0, embedding_size=6),
        classes=4, margin=0.3, scale=30.0, easy_margin=False, label_smoothing=0.0,
    )  # fmt: skip


def batch() -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    return tf.constant(pictures), tf.constant(rng.integers(0, 4, 8))


def arrays(tensors: list) -> list:
    return [np.asarray(tensor).tolist() for tensor in tensors]


def test_clipping_scales_all_gradients_by_one_factor():
    gradients = [tf.constant([3.0, 0.0]), tf.constant([[0.0], [-4.0]])]  # common norm 5
    half = clip_by_global_norm(gradients, 2.5)
    assert arrays(half) == [[1.5, 0.0], [[0.0], [-2.0]]]


@pytest.mark.parametrize("largest", [5.0, 6.0, 1000.0])
def test_gradients_within_the_norm_stay_as_they_are(largest):
    gradients = [tf.constant([3.0]), tf.constant([-4.0])]
    assert arrays(clip_by_global_norm(gradients, largest)) == [[3.0], [-4.0]]


def test_zero_gradients_stay_zero():
    assert arrays(clip_by_global_norm([tf.zeros(2), tf.zeros(1)], 1.0)) == [[0.0, 0.0], [0.0]]


def test_the_loss_is_the_cross_entropy_over_the_whole_batch(classifier):
    pictures, targets = batch()
    logits = np.float64(classifier([pictures, targets], training=True))
    each = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(8), targets.numpy()]
    assert float(batch_loss(classifier, pictures, targets, 8)) == pytest.approx(each.mean(), 1e-5)
    # A device's part of a batch of 32 counts for what it is.
    assert float(batch_loss(classifier, pictures, targets, 32)) == pytest.approx(
        each.sum() / 32, 1e-5
    )


def step_for(classifier: keras.Model, clip_norm: float, learning_rate: float = 9.0):
    optimizer = keras.optimizers.SGD(learning_rate)
    optimizer.build(classifier.trainable_variables)
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    return make_step(strategy, classifier, optimizer, global_batch=8, clip_norm=clip_norm)


def test_a_step_moves_against_the_gradient_at_the_rate_it_is_given(classifier):
    pictures, targets = batch()
    before = [variable.numpy() for variable in classifier.trainable_variables]
    with tf.GradientTape() as tape:
        loss = batch_loss(classifier, pictures, targets, 8)
    gradients = tape.gradient(loss, [v.value for v in classifier.trainable_variables])
    said = step_for(classifier, 1e6)(pictures, targets, tf.constant(0.01))
    assert float(said) == pytest.approx(float(loss), rel=1e-5)
    for variable, was, gradient in zip(
        classifier.trainable_variables, before, gradients, strict=True
    ):
        np.testing.assert_allclose(variable.numpy(), was - 0.01 * gradient, atol=1e-5)


def test_the_clip_norm_bounds_a_step(classifier):
    before = [variable.numpy() for variable in classifier.trainable_variables]
    step_for(classifier, 0.5)(*batch(), tf.constant(1.0))
    after = [variable.numpy() for variable in classifier.trainable_variables]
    moved = sum(((a - b) ** 2).sum() for a, b in zip(after, before, strict=True)) ** 0.5
    assert moved == pytest.approx(0.5, rel=1e-3)


def test_steps_learn_and_move_the_neck_averages(classifier):
    averages = classifier.get_layer("embedder").get_layer("neck").moving_mean
    before = averages.numpy()
    step = step_for(classifier, 1.0)
    losses = [float(step(*batch(), tf.constant(0.1))) for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert not np.allclose(averages.numpy(), before)


def test_two_devices_reach_the_weights_of_one():
    """Gradients are summed over devices before they are clipped: the same steps, bit for rounding.

    With clipping that matters, so that clipping first, or summing twice, would show.
    """
    root = Path(__file__).parents[2]
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("two_devices.py"))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)),
             "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["replicas"] == 2
    assert report["clipping_changes"] > 0.05
    for name in ("sgd tight", "sgd loose", "adamw tight"):
        assert report[name]["mirrored_losses"] == pytest.approx(report[name]["losses"], rel=1e-3)
        assert report[name]["difference"] < 2e-4, name
