from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Model
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.training.update.loss import Loss, cosine_distance

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


TEACHER = np.random.default_rng(2).normal(size=(6, 16)).astype(np.float32)
TEACHER /= np.linalg.norm(TEACHER, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def taught(embedder) -> keras.Model:
    return build_classifier(embedder, Model(), [1] * 5, taught=16)


def distances(taught: keras.Model) -> np.ndarray:
    """1 − cosine of what the student says and the teacher's rows, in plain arithmetic."""
    layer = taught.get_layer("student")
    embedding = np.float64(taught.get_layer("embedder")(PICTURES, training=True))
    said = embedding @ np.float64(layer.kernel) + np.float64(layer.bias)
    return 1 - (said * TEACHER).sum(axis=1) / np.linalg.norm(said, axis=1)


def test_the_teachers_part_is_the_scaled_distance_to_their_row(taught, classifier) -> None:
    loss = Loss(teacher_weight=0.25, teacher_scale=30.0)
    found = loss.each(taught, PICTURES, {"individual": FIRST, "teacher": TEACHER})
    logits = taught([PICTURES, FIRST], training=True)[0]
    wanted = 0.75 * cross_entropy(logits, np.eye(5)[FIRST]) + 0.25 * 30 * distances(taught)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_picture_of_nobody_knows_whom_learns_from_the_teachers_alone(taught) -> None:
    nobody = np.where(np.arange(6) < 4, -1, FIRST)
    loss = Loss(smoothing=0.1, teacher_weight=0.25, teacher_scale=30.0)
    centre = taught.get_layer("arcface").centre
    for who, moved in ((nobody, True), (np.full(6, -1), False)):
        with tf.GradientTape() as tape:
            each = loss.each(taught, PICTURES, {"individual": who, "teacher": TEACHER})
        gradient = tape.gradient(each, centre.value)
        assert np.abs(gradient).max() > 0 if moved else not np.abs(gradient).any()
        np.testing.assert_allclose(each[:4], 0.25 * 30 * distances(taught)[:4], rtol=1e-5)


def test_a_student_of_itself_has_nothing_to_learn(taught) -> None:
    layer = taught.get_layer("student")
    before = layer.get_weights()
    layer.set_weights([np.eye(16), np.zeros(16)])
    embedding = np.asarray(taught.get_layer("embedder")(PICTURES, training=True))
    itself = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    nobody = {"individual": np.full(6, -1), "teacher": itself}
    found = Loss(teacher_weight=0.5, teacher_scale=30.0).each(taught, PICTURES, nobody)
    layer.set_weights(before)
    np.testing.assert_allclose(found, 0, atol=1e-5)


def test_mixed_pictures_have_the_rows_of_both(taught) -> None:
    order = [1, 2, 3, 4, 5, 0]
    loss = Loss(teacher_weight=0.25, teacher_scale=30.0)
    one = {"individual": FIRST, "teacher": TEACHER}
    other = {"individual": FIRST[order], "teacher": TEACHER[order]}
    share = np.float32([1, 0.5, 0.2, 0, 0.7, 1])
    ends = [np.asarray(loss.each(taught, PICTURES, end)) for end in (one, other)]
    found = loss.each(taught, PICTURES, (one, other, share))
    np.testing.assert_allclose(found, share * ends[0] + (1 - share) * ends[1], rtol=1e-5)
    # Mixed after the embedding, each keeps the share of its own row.
    kept = loss.each(taught, PICTURES, one, tf.constant(1.0))
    np.testing.assert_allclose(kept, ends[0], rtol=1e-5)


def test_a_zero_row_has_distance_one_and_no_gradient() -> None:
    nothing = tf.zeros((1, 3))
    with tf.GradientTape() as tape:
        tape.watch(nothing)
        found = cosine_distance(nothing, tf.constant([[1.0, 0, 0]]))
    assert found.numpy() == 1
    assert np.isfinite(tape.gradient(found, nothing)).all()
