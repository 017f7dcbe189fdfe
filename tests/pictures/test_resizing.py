from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.pictures.resizing import resize, resize_smoothly

COLOURS = np.array(
    [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8
)  # red, green; blue, white


def quarters(height: int, width: int) -> np.ndarray:
    """Red, green, blue and white quarters."""
    return COLOURS.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def test_a_picture_is_squashed_and_not_cut() -> None:
    assert np.array_equal(resize(quarters(8, 32), 4), quarters(4, 4))
    assert np.array_equal(resize(quarters(4, 4), 4), quarters(4, 4))
    enlarged = resize(quarters(2, 2), 8)
    assert enlarged.shape == (8, 8, 3)
    assert (enlarged[0, 0] == COLOURS[0, 0]).all()
    assert (enlarged[-1, 0] == COLOURS[1, 0]).all()


@pytest.mark.parametrize("height", [32, 16, 8])
def test_every_pixel_of_a_shrinking_side_counts(height: int) -> None:
    picture = np.zeros((height, 256, 3), np.uint8)
    picture[:, ::16] = 160  # one column of the 16 that become one
    assert (resize(picture, 16) == 10).all()
    assert (resize(np.ascontiguousarray(picture.transpose(1, 0, 2)), 16) == 10).all()


def triangles(side: int, size: int) -> np.ndarray:
    """The share of each old pixel in each new one [size, side]."""
    step = side / size
    centres = (np.arange(size) + 0.5) * step - 0.5
    apart = np.abs(centres[:, None] - np.arange(side)) / max(step, 1)
    weights = np.maximum(1 - apart, 0)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("height", "width"), [(90, 131), (30, 41), (30, 300), (48, 48)])
def test_a_picture_is_squashed_smoothly_by_triangles(height: int, width: int) -> None:
    picture = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = resize_smoothly(picture, 48)
    wanted = np.einsum(
        "ph,hwc,qw->pqc", triangles(height, 48), picture.astype(float), triangles(width, 48)
    )
    assert found.dtype == np.uint8
    assert np.abs(found - wanted).max() <= 1.01  # rounded after each side
    assert np.abs(found - wanted).mean() < 0.4
