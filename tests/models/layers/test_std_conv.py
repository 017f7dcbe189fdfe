from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.models.layers.std_conv import ScaledStdConv


def maps(channels: int, side: int = 6) -> np.ndarray:
    rng = np.random.default_rng(channels)
    return rng.normal(size=(2, side, side, channels)).astype(np.float32)


def standardised(kernel: np.ndarray, gain: np.ndarray, scale: float, epsilon: float) -> np.ndarray:
    """Filter by filter, in float64."""
    result = np.empty(kernel.shape)
    for n in range(kernel.shape[-1]):
        w = np.float64(kernel[..., n])
        result[..., n] = (w - w.mean()) / np.sqrt(w.var() + epsilon) * gain[n] * scale / w.size**0.5
    return result


def by_hand(layer: ScaledStdConv, x: np.ndarray) -> np.ndarray:
    """The layer's result from a loop over places, with its padding of half a kernel."""
    kernel = standardised(
        np.asarray(layer.kernel), np.asarray(layer.gain), layer.scale, layer.epsilon
    )
    k, step, half = layer.kernel_size, layer.strides, layer.kernel_size // 2
    padded = np.pad(x, [(0, 0), (half, half), (half, half), (0, 0)])
    side = -(-x.shape[1] // step)
    result = np.empty((len(x), side, side, layer.filters))
    each_in, each_out = x.shape[-1] // layer.groups, layer.filters // layer.groups
    for i in range(side):
        for j in range(side):
            patch = padded[:, i * step : i * step + k, j * step : j * step + k]
            for g in range(layer.groups):
                part = patch[..., g * each_in : (g + 1) * each_in]
                filters = kernel[..., g * each_out : (g + 1) * each_out]
                out = np.einsum("nhwc,hwco->no", part, filters)
                result[:, i, j, g * each_out : (g + 1) * each_out] = out
    return result + np.asarray(layer.bias)


@pytest.mark.parametrize("side", [6, 7])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 1},
        {"kernel_size": 3},
        {"kernel_size": 3, "strides": 2},
        {"kernel_size": 3, "strides": 2, "groups": 2},
        {"kernel_size": 3, "groups": 4, "scale": 1.7, "gain": 0.3, "epsilon": 1e-2},
    ],
    ids=str,
)
def test_it_is_the_convolution_by_hand(options, side):
    keras.utils.set_random_seed(1)
    layer = ScaledStdConv(8, **options)
    layer.build((None, None, None, 4))
    layer.bias.assign(np.arange(8) / 10)
    layer.gain.assign(np.asarray(layer.gain) + np.arange(8) / 8)
    x = maps(4, side)
    np.testing.assert_allclose(np.asarray(layer(x)), by_hand(layer, x), rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == layer(x).shape


def test_a_constant_added_to_a_filter_changes_nothing():
    layer = ScaledStdConv(3, 3)
    before = np.asarray(layer(maps(2)))
    layer.kernel.assign(np.asarray(layer.kernel) + 5)
    np.testing.assert_allclose(np.asarray(layer(maps(2))), before, atol=1e-4)


def test_a_gain_of_zero_leaves_the_bias_alone():
    layer = ScaledStdConv(3, gain=0.0)
    np.testing.assert_array_equal(np.asarray(layer(maps(2))), np.zeros((2, 6, 6, 3)))


def test_channels_that_do_not_fall_into_groups_are_refused():
    with pytest.raises(ValueError, match="4 and 6 channels do not divide into 4 groups"):
        ScaledStdConv(6, 3, groups=4).build((None, None, None, 4))


def test_saved_and_loaded_it_says_the_same(reload, policy):
    inputs = keras.Input((None, None, 4))
    layer = ScaledStdConv(8, 3, strides=2, groups=2, scale=1.5, epsilon=1e-3, gain=0.7)
    model = keras.Model(inputs, layer(inputs))
    loaded = reload(model)
    np.testing.assert_array_equal(np.asarray(loaded(maps(4))), np.asarray(model(maps(4))))
    assert loaded.layers[-1].get_config() == layer.get_config()
    assert np.dtype(layer.kernel.dtype) == np.float32
