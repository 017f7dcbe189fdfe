from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.activation import FastActivation


def values_and_gradients(layer: keras.layers.Layer, x: tf.Tensor, above: tf.Tensor):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    return y, tape.gradient(y, x, above)


@pytest.fixture
def numbers() -> tuple[tf.Tensor, tf.Tensor]:
    """Features, and the gradient to the outputs."""
    rng = np.random.default_rng(0)
    some = rng.normal(scale=4, size=(3, 5, 4, 6)).astype(np.float32)
    some.flat[:4] = [0, -0.0, 90, -90]
    return tf.constant(some), tf.constant(rng.normal(size=some.shape).astype(np.float32))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["silu", "relu6"])
def test_values_and_gradients_are_those_of_keras(numbers, name, dtype, compiled) -> None:
    x, above = (tf.cast(each, dtype) for each in numbers)
    ours, theirs = FastActivation(name, dtype=dtype), keras.layers.Activation(name, dtype=dtype)
    run = tf.function(values_and_gradients) if compiled else values_and_gradients
    found = run(ours, x, above)
    assert [each.dtype.name for each in found] == [dtype, dtype]
    if name == "silu" and dtype == "bfloat16":  # TensorFlow rounds each of its operations
        theirs = keras.layers.Activation(name)
        x, above = (tf.cast(each, "float32") for each in (x, above))
    for one, other in zip(found, values_and_gradients(theirs, x, above), strict=True):
        one, other = (tf.cast(each, "float32").numpy() for each in (one, other))
        near = 2**-7 if dtype == "bfloat16" and name == "silu" else 1e-6
        np.testing.assert_allclose(one, other, rtol=near, atol=near)


def test_saved_and_loaded_it_says_the_same(tmp_path: Path, numbers) -> None:
    picture = keras.Input((None, None, 6))
    model = keras.Model(picture, FastActivation("silu")(picture))
    model.save(tmp_path / "m.keras")
    back = keras.saving.load_model(tmp_path / "m.keras", safe_mode=True)
    assert back.layers[-1].activation is keras.activations.silu
    np.testing.assert_array_equal(back(numbers[0]), model(numbers[0]))
