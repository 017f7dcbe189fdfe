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
            y * tf.convert_to_tensor(weights[: y.shape[0], : y.shape[1], : y.shape[2]])
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


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    picture = keras.Input((8, 8, 3))
    model = keras.Model(picture, DepthwiseConv(5, padding="same", use_bias=False)(picture))
    model.save(tmp_path / "m.keras")
    back = keras.saving.load_model(tmp_path / "m.keras", safe_mode=True)
    x = np.random.default_rng(1).normal(size=(1, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(back(x), model(x))
