from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.norm import BatchNorm

OPTIONS = {"momentum": 0.9, "epsilon": 1e-3}
WEIGHTS = [  # gamma, beta, moving mean, moving variance of three channels
    np.asarray(values, np.float32)
    for values in ([1.5, 0.5, -1], [0.2, -3, 0], [0.1, 2, -1], [1, 4, 0.25])
]


def pair() -> tuple[BatchNorm, keras.layers.BatchNormalization]:
    layers = BatchNorm(**OPTIONS), keras.layers.BatchNormalization(**OPTIONS)
    for layer in layers:
        layer.build((None, None, None, 3))
        layer.set_weights(WEIGHTS)
    return layers


def maps() -> np.ndarray:
    rng = np.random.default_rng(2)
    return (rng.normal(size=(4, 5, 6, 3)) * [1, 3, 0.5] + [0, 5, -1]).astype(np.float32)


def run(layer, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Outputs in training, and gradients of a curved function of them."""
    x = tf.constant(x)
    weight = tf.constant(np.random.default_rng(4).normal(size=x.shape).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
        total = tf.reduce_sum(weight * tf.sin(tf.cast(y, tf.float32)))
    wanted = [x, *(v.value for v in layer.trainable_variables)]
    return np.asarray(y), [np.asarray(g) for g in tape.gradient(total, wanted)]


def test_inference_is_keras():
    ours, keras_own = pair()
    for training in (False, None):
        y = np.asarray(ours(maps(), training=training))
        np.testing.assert_allclose(y, np.asarray(keras_own(maps())), rtol=1e-5, atol=1e-5)
    for weight, before in zip(ours.get_weights(), WEIGHTS, strict=True):
        np.testing.assert_array_equal(weight, before)


def test_training_is_keras_but_for_the_unbiased_moving_variance():
    ours, keras_own = pair()
    (y, gradients), (want, wanted) = run(ours, maps()), run(keras_own, maps())
    np.testing.assert_allclose(y, want, rtol=1e-4, atol=1e-4)
    assert len(gradients) == 3
    for gradient, its in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(gradient, its, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours.moving_mean, keras_own.moving_mean, rtol=1e-6, atol=1e-6)
    unbiased = np.float64(maps()).var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(ours.moving_variance, 0.9 * WEIGHTS[3] + 0.1 * unbiased, rtol=1e-5)


def test_training_inside_a_compiled_function_moves_the_averages_too():
    ours, eager = pair()[0], pair()[0]
    eager(maps(), training=True)
    tf.function(lambda x: ours(x, training=True))(maps())
    np.testing.assert_allclose(ours.moving_mean, eager.moving_mean, rtol=1e-6)
    np.testing.assert_allclose(ours.moving_variance, eager.moving_variance, rtol=1e-6)
    assert not np.allclose(ours.moving_mean, WEIGHTS[2])


def test_frozen_it_uses_the_moving_averages_even_in_training():
    ours = pair()[0]
    want = np.asarray(ours(maps(), training=False))
    ours.trainable = False
    np.testing.assert_array_equal(np.asarray(ours(maps(), training=True)), want)
    np.testing.assert_array_equal(np.asarray(ours.moving_mean), WEIGHTS[2])
    np.testing.assert_array_equal(np.asarray(ours.moving_variance), WEIGHTS[3])


def test_frozen_it_still_passes_the_gradient_on_to_its_input():
    ours, keras_own = pair()
    for layer in (ours, keras_own):
        layer.trainable = False
    (_, (gradient,)), (_, (want,)) = run(ours, maps()), run(keras_own, maps())
    np.testing.assert_allclose(gradient, want, rtol=1e-4, atol=1e-5)


def test_mixed_policies_compute_in_float32_and_answer_in_the_compute_dtype(policy):
    ours, keras_own = pair()
    x = maps()
    for training in (False, True):
        y, want = ours(x, training=training), keras_own(x, training=training)
        assert y.dtype == want.dtype
        y, want = (np.asarray(each).astype(np.float32) for each in (y, want))
        tolerance = {"float32": 1e-5, "mixed_bfloat16": 2e-2, "mixed_float16": 2e-3}[policy]
        np.testing.assert_allclose(y, want, rtol=tolerance, atol=tolerance)
    assert ours.moving_mean.dtype == "float32"
    _, gradients = run(ours, x)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"axis": 1}])
def test_options_of_keras_keep_their_meaning(options):
    layers = BatchNorm(**options), keras.layers.BatchNormalization(**options)
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)
    for training in (True, False):
        y, want = (np.asarray(layer(x, training=training)) for layer in layers)
        np.testing.assert_allclose(y, want, atol=1e-3)


def test_vectors_go_the_way_of_keras():
    ours, keras_own = BatchNorm(**OPTIONS), keras.layers.BatchNormalization(**OPTIONS)
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    for training in (True, False):
        y, want = (np.asarray(layer(x, training=training)) for layer in (ours, keras_own))
        np.testing.assert_allclose(y, want, atol=1e-6)


def test_config_round_trip_and_saved_and_loaded_it_says_the_same(policy, reload):
    inputs = keras.Input((None, None, 3))
    layer = BatchNorm(**OPTIONS)
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights(WEIGHTS)
    assert BatchNorm.from_config(layer.get_config()).get_config() == layer.get_config()
    loaded = reload(model)
    assert type(loaded.layers[-1]) is BatchNorm
    np.testing.assert_array_equal(np.asarray(loaded(maps())), np.asarray(model(maps())))
