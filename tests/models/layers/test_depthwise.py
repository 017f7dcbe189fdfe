from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.depthwise import DepthwiseConv

CASES = [(5, 1, 9, 12), (5, 2, 9, 12), (5, 2, 16, 11), (3, 2, 9, 8), (7, 1, 6, 6)]


def outputs_and_gradients(layer: keras.layers.Layer, pictures: np.ndarray, weights: np.ndarray):
    x = tf.convert_to_tensor(pictures)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(
            y * tf.cast(weights[: y.shape[0], : y.shape[1], : y.shape[2]], y.dtype)
        )
    return [y, *tape.gradient(loss, [x, layer.kernel.value])]


@pytest.mark.parametrize(("kernel", "stride", "height", "width"), CASES)
@pytest.mark.parametrize("compiled", [False, True])
def test_values_and_gradients_are_those_of_keras(
    kernel: int, stride: int, height: int, width: int, compiled: bool
) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(2, height, width, 6)).astype(np.float32)
    weights = rng.normal(size=(2, height, width, 6)).astype(np.float32)
    layers = [
        kind(kernel, stride, padding="same", use_bias=False)
        for kind in (DepthwiseConv, keras.layers.DepthwiseConv2D)
    ]
    for layer in layers:
        layer.build(pictures.shape)
    layers[1].set_weights(layers[0].get_weights())
    run = tf.function(outputs_and_gradients) if compiled else outputs_and_gradients
    ours, theirs = (run(layer, pictures, weights) for layer in layers)
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_in_bfloat16_values_and_gradients_are_rounded_ones(
    kernel: int, stride: int, padding: str
) -> None:
    """Beside Keras' layer in float32, which is given the same rounded numbers."""
    rng = np.random.default_rng(2)
    rounded = [
        tf.cast(tf.cast(rng.normal(size=shape), tf.bfloat16), tf.float32)
        for shape in ((2, 11, 8, 6), (kernel, kernel, 6, 1), (2, 11, 8, 6))
    ]
    pictures, filters, weights = (each.numpy() for each in rounded)
    exact = keras.layers.DepthwiseConv2D(kernel, stride, padding, use_bias=False)
    ours = DepthwiseConv(kernel, stride, padding, use_bias=False, dtype="mixed_bfloat16")
    for layer in (exact, ours):
        layer.build(pictures.shape)
        layer.set_weights([filters])
    expected = outputs_and_gradients(exact, pictures, weights)
    run = tf.function(lambda: outputs_and_gradients(ours, tf.cast(pictures, tf.bfloat16), weights))
    found = run()
    assert [each.dtype.name for each in found] == ["bfloat16", "bfloat16", "float32"]
    for one, other in zip(found, expected, strict=True):
        error = np.abs(tf.cast(one, tf.float32) - other).max()
        assert error < 2**-7 * np.abs(other).max()


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    picture = keras.Input((8, 8, 3))
    model = keras.Model(picture, DepthwiseConv(5, padding="same", use_bias=False)(picture))
    model.save(tmp_path / "m.keras")
    back = keras.saving.load_model(tmp_path / "m.keras", safe_mode=True)
    x = np.random.default_rng(1).normal(size=(1, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(back(x), model(x))
