from __future__ import annotations

import cv2
import numpy as np
import pytest

from tf_happywhale.records.augmentation.colour import (
    add_noise,
    blur,
    colour_matrix,
    motion_blur,
    recolour,
)


def noise_picture() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def point(height: int, width: int, y: int, x: int) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[y, x] = 255
    return picture


def test_grey_is_luminance_in_all_channels() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    grey = recolour(colours, colour_matrix(grey=True, factor=1, shift=0))
    assert grey.tolist() == [[[76] * 3, [150] * 3, [29] * 3, [255] * 3]]


def test_brightness_and_contrast_are_a_line_clipped_at_both_ends() -> None:
    levels = np.array([[[0, 20, 100], [200, 254, 255]]], np.uint8)
    up = recolour(levels, colour_matrix(grey=False, factor=1.5, shift=-40))
    assert up.tolist() == [[[0, 0, 110], [255, 255, 255]]]
    down = recolour(levels, colour_matrix(grey=False, factor=0.5, shift=10))
    assert down.tolist() == [[[10, 20, 60], [110, 137, 138]]]
    same = recolour(levels, colour_matrix(grey=False, factor=1, shift=0))
    assert np.array_equal(same, levels)


def test_one_matrix_is_grey_and_then_brightness_and_contrast() -> None:
    picture = noise_picture()
    both = recolour(picture, colour_matrix(grey=True, factor=0.8, shift=12))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, axis=2)
    assert np.abs(both - (grey * 0.8 + 12)).max() <= 1


def test_blur_spreads_a_point_evenly() -> None:
    blurred = blur(point(9, 9, 4, 4), 3)
    assert (blurred[3:6, 3:6] == 28).all()  # 255 / 9
    blurred[3:6, 3:6] = 0
    assert not blurred.any()
    assert (blur(point(9, 9, 4, 4), 5)[2:7, 2:7] == 10).all()


@pytest.mark.parametrize(
    ("degrees", "line"),
    [
        (0, [(7, x) for x in range(5, 10)]),
        (90, [(y, 7) for y in range(5, 10)]),
        (45, [(8, 6), (7, 7), (6, 8)]),  # rising to the right, as long as it is wide
    ],
)
def test_motion_blur_spreads_a_point_along_a_line(degrees: float, line: list) -> None:
    blurred = motion_blur(point(15, 15, 7, 7), 5, degrees)[..., 0]
    assert sorted(zip(*np.nonzero(blurred), strict=True)) == sorted(line)
    assert abs(int(blurred.sum()) - 255) <= 5
    assert (motion_blur(np.full((9, 9, 3), 93, np.uint8), 5, degrees) == 93).all()


def test_noise_has_the_deviation_asked_for_and_the_normal_distributions_shape() -> None:
    middle = np.full((256, 256, 3), 128, np.uint8)
    found = add_noise(middle, 7.0, np.random.default_rng(2)).astype(float) - 128
    assert abs(found.mean()) < 0.1
    assert abs(found.std() - 7) < 0.1
    assert abs((np.abs(found) < 7).mean() - 0.67) < 0.03
    assert found.max() > 17
    channels = found.reshape(-1, 3)
    assert abs(np.corrcoef(channels.T)[0, 1]) < 0.02
    assert abs(np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]) < 0.02


def test_noise_is_clipped_and_the_same_for_the_same_numbers() -> None:
    ends = np.zeros((9, 7, 3), np.uint8)
    ends[:, 4:] = 255
    one, other = (add_noise(ends, 5, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, other)
    assert one[:, :4].max() < 30
    assert one[:, 4:].min() > 225


@pytest.mark.parametrize(
    "operation",
    [
        lambda p: recolour(p, colour_matrix(grey=True, factor=1.1, shift=3)),
        lambda p: blur(p, 3),
        lambda p: motion_blur(p, 5, 30),
        lambda p: add_noise(p, 4, np.random.default_rng(1)),
    ],
)
def test_every_operation_returns_uint8_and_leaves_its_argument(operation) -> None:
    picture = noise_picture()
    before = picture.copy()
    changed = operation(picture)
    assert changed.dtype == np.uint8
    assert changed.shape == picture.shape
    assert np.array_equal(picture, before)
    assert not np.array_equal(changed, before)
