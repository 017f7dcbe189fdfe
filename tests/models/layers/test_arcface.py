from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.arcface import ArcFace

DEGREES = range(180)
CENTRES = (0, 90, 217)  # angles of the three classes, degrees


def expected(theta: float, margin: float, scale: float, easy_margin: bool) -> float:
    """The target's logit from its angle in degrees, in plain arithmetic."""
    angle = math.radians(theta)
    if easy_margin:
        return scale * math.cos(angle + margin if theta < 90 else angle)
    if angle < math.pi - margin:
        return scale * math.cos(angle + margin)
    return scale * (math.cos(angle) - margin * math.sin(math.pi - margin))


def between(first: float, second: float) -> float:
    """The angle in degrees, 0–180, between two directions."""
    return abs((first - second + 180) % 360 - 180)


def directions(degrees, lengths=1.0) -> np.ndarray:
    angles = np.radians(np.asarray(degrees, np.float64))
    return (np.stack([np.cos(angles), np.sin(angles)], 1) * lengths).astype(np.float32)


def head(margin=0.3, scale=30.0, centres=None, **options) -> ArcFace:
    centres = directions(CENTRES, [[3.0], [0.2], [1.0]]) if centres is None else centres
    layer = ArcFace(len(centres), margin, scale, **options)
    layer.build((None, centres.shape[1]))
    layer.centre.assign(centres)
    return layer


def queries() -> np.ndarray:
    """One embedding a degree, of lengths from a tenth to ten, so that length must not count."""
    return directions(DEGREES, np.geomspace(0.1, 10, len(DEGREES))[:, None])


@pytest.mark.parametrize("easy_margin", [False, True])
@pytest.mark.parametrize(("margin", "scale"), [(0.3, 30.0), (0.5, 64.0), (0.05, 1.0), (0.0, 30.0)])
def test_logits_are_those_of_the_angle_at_every_degree(margin, scale, easy_margin):
    layer = head(margin, scale, easy_margin=easy_margin)
    for target, centre in enumerate(CENTRES):
        logits = np.asarray(layer(queries(), np.full(len(DEGREES), target)))
        assert logits.shape == (180, 3)
        assert logits.dtype == np.float32
        for degree in DEGREES:
            for other, its_centre in enumerate(CENTRES):
                theta = between(degree, its_centre)
                if other == target:
                    want = expected(theta, margin, scale, easy_margin)
                else:
                    want = scale * math.cos(math.radians(theta))
                # Near 0 degrees the sine is the root of what rounding leaves of 1 - cos².
                near = scale * (3e-4 if theta < 1 else 1e-5)
                # Where the rule jumps, rounding decides the side.
                if easy_margin and theta == 90:
                    sides = (want, expected(89.999999, margin, scale, True))
                    assert min(abs(logits[degree, other] - side) for side in sides) < near
                    continue
                assert logits[degree, other] == pytest.approx(want, abs=near), (degree, centre)


def test_the_target_logit_falls_all_the_way_to_180_degrees():
    logits = np.asarray(head()(directions(range(181)), np.zeros(181, int)))[:, 0]
    assert (np.diff(logits) < 0).all()


def test_without_targets_the_logits_are_scaled_cosines():
    logits = np.asarray(head(scale=20.0)(queries()))
    want = [[20 * math.cos(math.radians(between(d, c))) for c in CENTRES] for d in DEGREES]
    np.testing.assert_allclose(logits, want, atol=1e-4)


def test_label_smoothing_mixes_logits_as_the_original_does():
    share, classes = 0.12, len(CENTRES)
    layer = head(label_smoothing=share)
    logits = np.asarray(layer(queries(), np.full(180, 1)))
    for degree in range(1, 180):
        for other, centre in enumerate(CENTRES):
            theta = between(degree, centre)
            with_margin = expected(theta, 0.3, 30.0, False)
            cosine = 30 * math.cos(math.radians(theta))
            weight = (1 - share) * (other == 1) + share / classes
            want = weight * with_margin + (1 - weight) * cosine
            assert logits[degree, other] == pytest.approx(want, abs=3e-3), (degree, other)


@pytest.mark.parametrize("easy_margin", [False, True])
@pytest.mark.parametrize("scale", [1.0, 30.0])  # at 30 the loss is so near 0 that it hides much
def test_loss_and_gradient_are_finite_at_cosine_one_and_minus_one(policy, easy_margin, scale):
    axes = np.eye(4, dtype=np.float32)
    layer = head(scale=scale, centres=axes[:3], easy_margin=easy_margin)
    # Exactly on the centre, exactly opposite, on another's centre, and no direction at all.
    embedding = tf.constant(np.stack([axes[0], -2 * axes[0], axes[1], -axes[1], 0 * axes[0]]))
    target = np.zeros(5, int)
    cosine = np.asarray(layer(embedding)) / scale
    assert cosine[0, 0] == 1
    assert cosine[1, 0] == -1
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(embedding)
        logits = layer(embedding, target)
        losses = keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
    assert logits.dtype == tf.float32
    assert np.isfinite(losses).all()
    for result in (losses, logits):
        gradients = tape.gradient(result, [embedding, layer.centre.value])
        assert all(np.isfinite(gradient).all() for gradient in gradients)
        assert np.abs(gradients[0]).max() > 0


def test_inside_is_float32_whatever_the_policy(policy):
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(6, 64)).astype(np.float32)
    centres = rng.normal(size=(5, 64)).astype(np.float32)
    layer = head(centres=centres)
    logits = np.asarray(layer(embedding))
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in np.float64([*embedding])[:, None]]
    unit = np.concatenate(unit)
    want = 30 * unit @ (centres / np.linalg.norm(centres, axis=1, keepdims=True)).T
    assert logits.dtype == np.float32
    assert layer.centre.dtype == "float32"
    np.testing.assert_allclose(logits, want, atol=1e-4)


def test_gradient_to_the_embedding_is_that_of_the_formula():
    """Against central differences of the plain formula, away from its corners."""
    for degree in (20.0, 75.0, 150.0, 172.0):
        layer = head()
        embedding = tf.constant(directions([degree]))
        with tf.GradientTape() as tape:
            tape.watch(embedding)
            logit = layer(embedding, np.asarray([0]))[0, 0]
        gradient = np.asarray(tape.gradient(logit, embedding))[0]
        along = np.asarray([-math.sin(math.radians(degree)), math.cos(math.radians(degree))])
        step = 1e-4
        slope = expected(degree + step, 0.3, 30.0, False) - expected(
            degree - step, 0.3, 30.0, False
        )
        assert gradient @ along == pytest.approx(slope / math.radians(2 * step), rel=1e-3)


def test_margins_as_a_vector_are_each_class_own():
    margins = [0.1, 0.35, 0.6]
    together = head(margins)
    for target, margin in enumerate(margins):
        targets = np.full(len(DEGREES), target)
        alone = np.asarray(head(margin)(queries(), targets))
        np.testing.assert_allclose(np.asarray(together(queries(), targets)), alone, atol=1e-5)
    with pytest.raises(ValueError, match="2 margins for 3 classes"):
        ArcFace(3, [0.1, 0.2], 30.0)


def test_the_nearest_of_an_individuals_sub_centres_counts():
    """Two classes of two sub-centres each; the margin goes on top of the nearest."""
    layer = ArcFace(2, 0.3, 30.0, subcentres=2)
    layer.build((None, 2))
    layer.centre.assign(directions((0, 170, 60, 260)))
    logits = np.asarray(layer(queries()))
    trained = np.asarray(layer(queries(), np.zeros(len(DEGREES), int)))
    for degree in DEGREES:
        nearest = [min(between(degree, c) for c in pair) for pair in ((0, 170), (60, 260))]
        want = [30 * math.cos(math.radians(theta)) for theta in nearest]
        assert logits[degree] == pytest.approx(want, abs=1e-4)
        # Near 0 degrees the sine is the root of what rounding leaves of 1 - cos².
        near = 1e-2 if nearest[0] < 1 else 1e-3
        assert trained[degree, 0] == pytest.approx(expected(nearest[0], 0.3, 30, False), abs=near)
        assert trained[degree, 1] == pytest.approx(want[1], abs=1e-4)


def test_only_the_nearest_sub_centre_learns():
    layer = ArcFace(1, 0.3, 30.0, subcentres=3)
    layer.build((None, 2))
    layer.centre.assign(directions((10, 100, 200)))
    with tf.GradientTape() as tape:
        logit = layer(directions([95]), np.array([0]))[0, 0]
    gradient = np.asarray(tape.gradient(logit, layer.centre.value))
    assert np.abs(gradient).max(axis=1).astype(bool).tolist() == [False, True, False]


def test_config_round_trip():
    layer = ArcFace(7, 0.25, 18.0, easy_margin=True, label_smoothing=0.1, name="a")
    again = ArcFace.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    kept = (again.classes, again.margin, again.scale, again.easy_margin, again.label_smoothing)
    assert kept == (7, 0.25, 18.0, True, 0.1)


def test_saved_and_loaded_it_says_the_same(policy, reload):
    embedding, target = keras.Input((8,)), keras.Input((), dtype="int64")
    layer = ArcFace(5, 0.4, 12.0, easy_margin=True, label_smoothing=0.2)
    model = keras.Model([embedding, target], layer(embedding, target))
    rng = np.random.default_rng(1)
    batch = [rng.normal(size=(6, 8)).astype(np.float32), np.arange(6) % 5]
    np.testing.assert_array_equal(np.asarray(reload(model)(batch)), np.asarray(model(batch)))
