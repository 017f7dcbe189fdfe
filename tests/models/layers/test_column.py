from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.models.layers.column import Column


def features(width: int) -> np.ndarray:
    return np.random.default_rng(width).normal(size=(2, 3, width, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("width", "columns", "cells"),
    [
        (6, 3, [(0, 2), (2, 4), (4, 6)]),
        (5, 2, [(0, 3), (2, 5)]),
        (7, 3, [(0, 3), (2, 5), (4, 7)]),
        (1, 3, [(0, 1), (0, 1), (0, 1)]),
        (4, 1, [(0, 4)]),
    ],
)
def test_strips_divide_the_map_from_left_to_right(width, columns, cells):
    x = features(width)
    for number, (first, last) in enumerate(cells):
        layer = Column(number, columns)
        np.testing.assert_array_equal(np.asarray(layer(x)), x[:, :, first:last])
        assert layer.compute_output_shape(x.shape) == (2, 3, last - first, 4)


def test_a_width_known_only_when_it_runs_gives_the_same(reload):
    picture = keras.Input((None, None, 4))
    again = reload(keras.Model(picture, [Column(n, 3)(picture) for n in range(3)]))
    traced = tf.function(again, input_signature=[tf.TensorSpec((None, None, None, 4))])
    for width in range(1, 9):
        x = features(width)
        for number, strip in enumerate(traced(x)):
            np.testing.assert_array_equal(strip.numpy(), np.asarray(Column(number, 3)(x)))
