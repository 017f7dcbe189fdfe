from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.models.layers.channel_attention import ChannelAttention


def test_each_channel_is_gated_by_its_neighbours():
    layer = ChannelAttention(gain=0.5)
    layer.build((None, None, None, 4))
    layer.kernel.assign(np.array([1.0, 2.0, -1.0]).reshape(3, 1, 1))
    x = np.zeros((1, 2, 2, 4), np.float32)
    x[..., :] = [1, 2, 3, 4]
    x[0, 0, 0] += 4  # the means are 2, 3, 4, 5
    sums = np.array([2 * 2 - 3, 2 + 2 * 3 - 4, 3 + 2 * 4 - 5, 4 + 2 * 5])
    expected = x * 0.5 / (1 + np.exp(-sums))
    np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-5)


@pytest.mark.parametrize(("channels", "length"), [(16, 3), (64, 3), (256, 5), (512, 5), (1536, 5)])
def test_the_convolution_grows_with_the_logarithm_of_the_channels(channels, length):
    layer = ChannelAttention()
    layer.build((None, None, None, channels))
    assert layer.kernel.shape == (length, 1, 1)


def test_saved_and_loaded_it_says_the_same(reload, policy):
    inputs = keras.Input((None, None, 8))
    model = keras.Model(inputs, ChannelAttention(gain=2.0)(inputs))
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 8)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(reload(model)(x)), np.asarray(model(x)))
