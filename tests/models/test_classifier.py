from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Model, Train
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.arcface import ArcFace
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.tensorflow_step import make_step


@pytest.fixture
def embedder() -> keras.Model:
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    x = keras.layers.GlobalAveragePooling2D(dtype="float32")(keras.layers.Conv2D(8, 3)(x))
    return keras.Model(pictures, x, name="embedder")


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def test_it_is_arcface_over_the_embedder(embedder):
    settings = Model(margin=0.25, scale=20, easy_margin=True, label_smoothing=0.1, subcentres=2)
    classifier = build_classifier(embedder, settings, [4] * 9)
    batch, target = pictures(3), np.array([0, 8, 3])
    head = classifier.get_layer("arcface")
    assert isinstance(head, ArcFace)
    options = (head.classes, head.margin, head.scale, head.easy_margin, head.label_smoothing)
    assert options == (9, 0.25, 20.0, True, 0.1)
    assert head.centre.shape == (18, 8)
    logits = np.asarray(classifier([batch, target]))
    assert logits.shape == (3, 9)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, np.asarray(head(embedder(batch), target)), atol=1e-5)


def test_it_trains_the_embedder_it_was_given(embedder):
    classifier = build_classifier(embedder, Model(), [1, 1])
    mine = {id(variable) for variable in classifier.trainable_variables}
    assert {id(variable) for variable in embedder.trainable_variables} < mine
    assert len(mine) == len(embedder.trainable_variables) + 1


def test_margins_by_the_number_of_images_of_individuals_and_of_species(embedder):
    settings = Model(dynamic_margin=(0.3, -0.5, 0.1), species_weight=0.5)
    classifier = build_classifier(embedder, settings, [1, 4, 0], [4, 1])
    assert classifier.get_layer("arcface").margin == pytest.approx([0.4, 0.25, 0.4])
    assert classifier.get_layer("arcface_species").margin == pytest.approx(
        [0.1334, 0.2763], abs=1e-4
    )
    assert classifier.get_layer("arcface_species").scale == 33.14


@pytest.mark.parametrize("species", [False, True])
def test_saved_and_loaded_it_says_the_same(embedder, reload, policy, species):
    settings = Model(
        dynamic_margin=(0.27126, -0.364399, 0.05),
        subcentres=3,
        species_weight=0.5 * species,
        label_smoothing=0.1,
    )
    classifier = build_classifier(embedder, settings, [1, 2, 30], [31, 2])
    batch = [pictures(3), np.array([1, 2, 0])]
    batch += [np.array([0, 1, 0])] if species else []
    loaded = reload(classifier)
    for again, first in zip(
        keras.tree.flatten(loaded(batch)), keras.tree.flatten(classifier(batch)), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(again), np.asarray(first))
    assert loaded.get_layer("arcface").margin == classifier.get_layer("arcface").margin
    assert loaded.get_layer("arcface").subcentres == 3


EXTREMES = {
    "one image per individual": (6, {"dynamic_margin": (0.27126, -0.364399, 0.05)}),
    "one individual": (1, {}),
    "one individual, two sub-centres": (1, {"subcentres": 2}),
    "15,587 individuals": (15587, {"subcentres": 2}),
    "a scale of 64": (6, {"scale": 64, "margin": 0.5}),
    "a species head": (6, {"species_weight": 0.563, "scale": 64}),
}


@pytest.mark.parametrize("case", EXTREMES)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_extreme_cases_train_without_nan(case, dtype):
    """Also with pictures that are all black, so that the embedding has no direction."""
    classes, options = EXTREMES[case]
    keras.config.set_dtype_policy(dtype)
    try:
        keras.utils.set_random_seed(0)
        inputs = keras.Input((None, None, 3))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3, strides=4)(x))
        embedder = keras.Model(inputs, x, name="embedder")
        settings, train = Model(**options), Train(batch_size=6, learning_rate=0.05, average=0.9)
        kinds = np.zeros(classes, np.int64) if settings.species_weight else None
        classifier = build_classifier(embedder, settings, [1] * classes, [classes])
    finally:
        keras.config.set_dtype_policy("float32")
    loss = Loss(0.1, kinds, settings.species_weight)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(tf.distribute.get_strategy(), learner, train, loss)
    batch = pictures(6)
    batch[0] = 0
    targets = tf.constant(np.arange(6) * (classes // 6 or 1) % classes)
    for number in range(4):
        assert np.isfinite(step(number, tf.constant(batch), targets, 0.05))
    assert all(np.isfinite(np.float32(weight)).all() for weight in classifier.get_weights())
