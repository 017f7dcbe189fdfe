from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.layers.squeeze_excite import SqueezeExcite


def test_each_channel_is_gated_by_the_means_of_all():
    layer = SqueezeExcite(1, "relu", gain=2.0)
    layer.build((None, None, None, 2))
    layer.set_weights(
        [np.array([[1.0], [-1.0]]), np.array([0.5]), np.array([[2.0, -3.0]]), np.array([0.0, 1.0])]
    )
    x = np.array([[[[4, 1], [2, 3]]], [[[0, 9], [0, 9]]]], np.float32)
    # Means (3, 2) and (0, 9); squeezed to max(0, 1·3 − 1·2 + .5) = 1.5 and max(0, −8.5) = 0.
    gates = 1 / (1 + np.exp(-np.array([[2 * 1.5, -3 * 1.5 + 1], [0, 1]])))
    np.testing.assert_allclose(np.asarray(layer(x)), 2 * x * gates[:, None, None], rtol=1e-5)


def test_saved_and_loaded_it_says_the_same(reload, policy):
    inputs = keras.Input((None, None, 8))
    model = keras.Model(inputs, SqueezeExcite(2, gain=0.4)(inputs))
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 8)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(reload(model)(x)), np.asarray(model(x)))
