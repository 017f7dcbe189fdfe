from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.region import Region

CORNERS = (0.25, 0.1, 0.75, 0.6)


def pictures(height: int, width: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (2, height, width, 3)).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_is_that_part_of_the_picture(dtype):
    x = pictures(20, 40, dtype)
    region = np.asarray(Region(CORNERS, dtype=dtype)(x))
    np.testing.assert_array_equal(region, x[:, 2:12, 10:30])
    assert region.dtype == x.dtype


def test_pixels_are_rounded_and_one_is_left():
    x = pictures(9, 3)
    np.testing.assert_array_equal(np.asarray(Region(CORNERS)(x)), x[:, 1:5, 1:2])
    assert Region((0.9, 0.9, 0.95, 0.95))(pictures(4, 4)).shape == (2, 1, 1, 3)


def test_everything_is_everything():
    x = pictures(7, 5)
    np.testing.assert_array_equal(np.asarray(Region((0, 0, 1, 1))(x)), x)


def test_sizes_known_only_when_it_runs_give_the_same():
    layer = Region(CORNERS)
    anything = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    for height, width in ((20, 40), (9, 3), (224, 224), (1, 1), (63, 65)):
        x = pictures(height, width)
        np.testing.assert_array_equal(anything(x).numpy(), np.asarray(layer(x)))


def test_shapes_are_told_and_the_layer_can_be_kept(reload):
    layer = Region(CORNERS, name="region")
    assert layer.compute_output_shape((None, 20, 40, 3)) == (None, 10, 20, 3)
    assert layer.compute_output_shape((2, None, None, 3)) == (2, None, None, 3)
    picture = keras.Input((None, None, 3))
    again = reload(keras.Model(picture, layer(picture)))
    x = pictures(20, 40)
    np.testing.assert_array_equal(np.asarray(again(x)), x[:, 2:12, 10:30])
