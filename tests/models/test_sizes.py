from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.resized import Resized
from tf_happywhale.models.sizes import at_sizes, one_size

RNG = np.random.default_rng(6)


def pictures(height: int, width: int, dtype: str = "float32") -> np.ndarray:
    return RNG.integers(0, 256, (2, height, width, 3)).astype(dtype)


def network() -> keras.Model:
    """Length and direction of its embedding depend on the size of the picture."""
    picture = keras.Input((None, None, 3), name="picture")
    x = keras.layers.Conv2D(5, 3, strides=2)(keras.layers.Rescaling(1 / 255)(picture))
    x = keras.layers.GlobalMaxPooling2D()(x)
    return keras.Model(picture, x, name="embedder")


@pytest.mark.parametrize("times", [0.5, 0.94, 1, 1.09, 2])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_is_tensorflows_bilinear_resize(times, dtype):
    x = pictures(20, 33, dtype)
    sides = (int(20 * times + 0.5), int(33 * times + 0.5))
    found = np.asarray(Resized(times)(x))
    np.testing.assert_allclose(found, tf.image.resize(x, sides).numpy(), atol=1e-3)


def test_sizes_known_only_when_it_runs_give_the_same():
    layer = Resized(0.7)
    anything = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    for height, width in ((20, 40), (9, 3), (1, 1), (63, 65)):
        x = pictures(height, width)
        np.testing.assert_allclose(anything(x).numpy(), np.asarray(layer(x)), atol=1e-4)
    assert layer.compute_output_shape((None, 20, None, 3)) == (None, 14, None, 3)


def test_the_mean_of_embeddings_of_length_one(reload):
    embedder, x = network(), pictures(20, 40, "uint8")
    each = [np.asarray(embedder(np.asarray(Resized(times)(x)))) for times in (0.5, 1, 1.5)]
    want = np.mean([one / np.linalg.norm(one, axis=1, keepdims=True) for one in each], axis=0)
    sized = reload(at_sizes(embedder, (0.5, 1, 1.5)))
    np.testing.assert_allclose(np.asarray(sized(x)), want, rtol=1e-5, atol=1e-6)
    assert not np.allclose(want, each[1] / np.linalg.norm(each[1], axis=1, keepdims=True))


def test_the_network_inside_can_be_had():
    embedder = network()
    assert one_size(at_sizes(embedder, (0.5, 1))) is embedder
    assert one_size(embedder) is embedder
    alone, x = at_sizes(embedder, (2.0,)), pictures(8, 8)
    assert one_size(alone) is embedder
    larger = np.asarray(embedder(np.asarray(Resized(2.0)(x))))
    want = larger / np.linalg.norm(larger, axis=1, keepdims=True)
    np.testing.assert_allclose(np.asarray(alone(x)), want, rtol=1e-5, atol=1e-6)
