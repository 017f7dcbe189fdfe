from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.matching.deformable import deformable_conv


def convolved(picture: np.ndarray, offsets: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Tap by tap, with zeros outside."""
    height, width, channels = picture.shape
    found = np.zeros((height, width, kernel.shape[1]))
    for row in range(height):
        for column in range(width):
            for tap in range(9):
                y = row + tap // 3 - 1 + offsets[row, column, 2 * tap]
                x = column + tap % 3 - 1 + offsets[row, column, 2 * tap + 1]
                seen = np.zeros(channels)
                for down in (int(np.floor(y)), int(np.floor(y)) + 1):
                    for across in (int(np.floor(x)), int(np.floor(x)) + 1):
                        if 0 <= down < height and 0 <= across < width:
                            share = (1 - abs(y - down)) * (1 - abs(x - across))
                            seen += share * picture[down, across]
                found[row, column] += seen @ kernel[tap * channels : (tap + 1) * channels]
    return found


@pytest.mark.parametrize("reach", [0, 0.4, 1, 3, 20])
def test_each_tap_looks_where_its_offset_says(reach):
    random = np.random.RandomState(int(reach * 10))
    picture = random.randn(5, 7, 2).astype(np.float32)
    offsets = random.uniform(-reach, reach, (5, 7, 18)).astype(np.float32)
    kernel = random.randn(18, 3).astype(np.float32)
    found = np.asarray(deformable_conv(picture, offsets, kernel))
    np.testing.assert_allclose(found, convolved(picture, offsets, kernel), atol=1e-4)


def test_without_offsets_it_is_a_convolution():
    from keras import ops

    random = np.random.RandomState(0)
    picture = random.randn(6, 4, 3).astype(np.float32)
    kernel = random.randn(3, 3, 3, 2).astype(np.float32)
    found = deformable_conv(picture, np.zeros((6, 4, 18), np.float32), kernel.reshape(27, 2))
    expected = ops.conv(picture[None], kernel, padding="same")[0]
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=1e-4)
