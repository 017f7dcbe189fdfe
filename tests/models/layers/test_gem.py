from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.gem import GeM


def reference(features: np.ndarray, p: float, epsilon: float = 1e-6) -> np.ndarray:
    return (np.maximum(np.float64(features), epsilon) ** p).mean(axis=(1, 2)) ** (1 / p)


def features(low: float, high: float, dtype=np.float32) -> np.ndarray:
    return np.random.default_rng(3).uniform(low, high, (2, 5, 7, 6)).astype(dtype)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 4.7])
def test_is_the_generalised_mean(p):
    x = features(-1, 6)
    pooled = np.asarray(GeM(p)(x))
    assert pooled.shape == (2, 6)
    np.testing.assert_allclose(pooled, reference(x, p), rtol=1e-5)


def test_p_one_is_the_mean():
    x = features(0.1, 6)
    np.testing.assert_allclose(np.asarray(GeM(1.0)(x)), x.mean(axis=(1, 2)), rtol=1e-5)


def test_large_p_nears_the_largest():
    x = features(1, 1.5)
    pooled, largest = np.asarray(GeM(200.0)(x)), x.max(axis=(1, 2))
    np.testing.assert_allclose(pooled, reference(x, 200), rtol=1e-4)
    assert (pooled <= largest * (1 + 1e-5)).all()
    assert (pooled > largest * 35 ** (-1 / 200) * (1 - 1e-4)).all()


def test_negative_values_are_raised_to_epsilon():
    x = np.full((1, 3, 3, 2), -4.0, np.float32)
    np.testing.assert_allclose(np.asarray(GeM(3.0)(x)), 1e-6, rtol=1e-4)
    np.testing.assert_allclose(np.asarray(GeM(3.0, epsilon=0.5)(x)), 0.5, rtol=1e-5)


def test_values_whose_cube_leaves_float16_do_not_overflow(policy):
    x = np.full((2, 4, 4, 3), 60.0, np.float32)  # 60³ is beyond 65504
    pooled = GeM(3.0)(x)
    assert pooled.dtype == keras.config.dtype_policy().compute_dtype
    np.testing.assert_allclose(np.asarray(pooled).astype(np.float32), 60, rtol=0.005)


def test_the_exponent_is_float32_whatever_the_policy(policy):
    """bfloat16 has no number between 3.0 and 3.015625: a trained p would be lost."""
    layer = GeM(3.0)
    layer.build((None, 2, 2, 1))
    x = np.asarray([1, 2, 4, 8], np.float32).reshape(1, 2, 2, 1)
    slopes = []
    for p in (3.0, 3.007):
        layer.exponent.assign(p)
        with tf.GradientTape() as tape:
            pooled = tf.cast(layer(x), tf.float32)
        slopes.append(float(tape.gradient(pooled, layer.exponent.value)))
    assert layer.exponent.dtype == "float32"
    step = 1e-4
    for p, slope in zip((3.0, 3.007), slopes, strict=True):
        want = (reference(x, p + step) - reference(x, p - step)).item() / (2 * step)
        assert slope == pytest.approx(want, rel=5e-4 if policy == "float32" else 0.02)
    assert slopes[0] != slopes[1]


def test_gradient_to_p_is_the_finite_difference():
    x = features(0, 6)
    layer = GeM(3.0)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x))
    gradient = float(tape.gradient(total, layer.exponent.value))
    step = 1e-4
    want = (reference(x, 3 + step).sum() - reference(x, 3 - step).sum()) / (2 * step)
    assert gradient == pytest.approx(want, rel=1e-3)
    assert layer.trainable_variables == [layer.exponent]


@pytest.mark.parametrize("p", [3.0, 6.0, 10.0])
def test_gradients_are_finite_in_a_channel_that_is_zero_everywhere(p):
    x = tf.constant(np.concatenate([np.zeros((1, 4, 4, 1)), np.ones((1, 4, 4, 1))], 3), tf.float32)
    layer = GeM(p)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x))
    for gradient in tape.gradient(total, [x, layer.exponent.value]):
        assert np.isfinite(gradient).all()


def test_config_round_trip_and_saved_and_loaded_it_says_the_same(policy, reload):
    inputs = keras.Input((None, None, 6))
    layer = GeM(2.5, epsilon=1e-3)
    model = keras.Model(inputs, layer(inputs))
    layer.exponent.assign(3.25)
    again = GeM.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.p, again.epsilon) == (2.5, 1e-3)
    loaded, x = reload(model), features(0, 6)
    np.testing.assert_array_equal(np.asarray(loaded(x)), np.asarray(model(x)))
