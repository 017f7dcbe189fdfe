from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tf_happywhale.records.augmentation.geometry import mirror, unmoved, warp, window

SIZE = 33
STILL = window(0, 0, SIZE, SIZE, SIZE)


def point(y: int, x: int) -> np.ndarray:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[y, x] = 255
    return picture


def brightest(picture: np.ndarray) -> tuple[int, int]:
    y, x = np.unravel_index(picture[..., 0].argmax(), picture.shape[:2])
    return int(y), int(x)


def moved(
    picture: np.ndarray, degrees: float = 0, shift: tuple = (0, 0), shear: tuple = (0, 0)
) -> np.ndarray:
    return warp(picture, unmoved(picture.shape[:2], degrees, shift, shear) @ STILL, SIZE)


def smooth(height: int, width: int) -> np.ndarray:
    """A picture without detail finer than some pixels."""
    rough = np.random.default_rng(5).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)


def test_moving_by_nothing_is_the_picture() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    assert np.array_equal(moved(picture), picture)
    nearly = moved(picture, degrees=1e-9)  # through the warp
    assert np.abs(nearly.astype(int) - picture).max() <= 1


@pytest.mark.parametrize(
    ("degrees", "place"), [(90, (8, 16)), (-90, (24, 16)), (180, (16, 8)), (45, (10, 22))]
)
def test_rotation_is_counter_clockwise_about_the_centre(degrees: float, place: tuple) -> None:
    assert brightest(moved(point(16, 24), degrees)) == place
    assert brightest(moved(point(16, 16), degrees)) == (16, 16)


@pytest.mark.parametrize("degrees", [0, 1e-7])
def test_a_shift_is_right_by_width_and_down_by_height_and_leaves_black(degrees: float) -> None:
    picture = np.full((32, 64, 3), 200, np.uint8)
    places = unmoved((32, 64), degrees, (0.25, 0.5), (0, 0)) @ window(0, 0, 64, 32, 32)
    shifted = warp(picture, places, 32)
    assert (shifted[17:, 9:] == 200).all()
    assert not shifted[:15].any()
    assert not shifted[:, :7].any()


def test_shear_moves_rows_in_x_and_columns_in_y() -> None:
    half = math.degrees(math.atan(0.5))
    assert brightest(moved(point(24, 16), shear=(half, 0))) == (24, 20)
    assert brightest(moved(point(16, 24), shear=(0, half))) == (20, 24)


def test_a_window_is_stretched_over_the_picture() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    assert np.array_equal(warp(picture, window(3, 1, 4, 4, 4), 4), picture[1:5, 3:7])
    wide = warp(picture, window(3, 1, 6, 2, 5), 5)
    assert wide.shape == (5, 5, 3)
    assert np.array_equal(wide, cv2.resize(picture[1:3, 3:9], (5, 5)))


def test_a_mirror_swaps_left_and_right_whichever_way_it_is_done() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    places = window(0, 0, 16, 16, 16) @ mirror(16)
    assert np.array_equal(warp(picture, places, 16), picture[:, ::-1])
    turned = unmoved((16, 16), 1e-9, (0, 0), (0, 0)) @ places
    assert np.abs(warp(picture, turned, 16).astype(int) - picture[:, ::-1]).max() <= 1


def test_all_in_one_map_is_one_after_the_other() -> None:
    picture = smooth(96, 96)
    shift, shear, degrees = (0.1, 0.05), (2.0, -3.0), 12.0
    composed = warp(
        picture,
        unmoved((96, 96), degrees, shift, shear) @ window(7, 4, 80, 86, 64) @ mirror(64),
        64,
    )
    one = warp(picture, unmoved((96, 96), degrees, shift, shear) @ window(0, 0, 96, 96, 96), 96)
    other = cv2.resize(one[4:90, 7:87], (64, 64))[:, ::-1]
    inner = np.s_[8:-8, 8:-8]
    assert np.abs(composed[inner].astype(int) - other[inner]).mean() < 2
    assert np.abs(composed.astype(int) - other[:, ::-1]).mean() > 10  # the mirror matters


@pytest.mark.parametrize("degrees", [0.0, 8.0])
@pytest.mark.parametrize("side", [100, 128, 300])
def test_nothing_aliases_where_the_crop_is_much_finer(degrees: float, side: int) -> None:
    stripes = np.zeros((side, side, 3), np.uint8)
    stripes[:, ::2] = 255  # of one pixel: at a third of the size they are grey
    places = unmoved((side, side), degrees, (0, 0), (0, 0)) @ window(0, 0, side, side, 40)
    shrunk = warp(stripes, places, 40)[10:-10, 10:-10].astype(int)
    assert np.abs(shrunk - 127).max() < 45
    bare = np.abs(stripes[: 2 * side // 3, :, 0].astype(int) - 127).min()
    assert bare > 100  # without an average every pixel would be black or white


def test_a_smooth_picture_keeps_its_place_when_it_is_averaged_first() -> None:
    picture = smooth(300, 300)
    places = unmoved((300, 300), 5, (0.1, 0.1), (0, 0)) @ window(0, 0, 300, 300, 60)
    small = cv2.resize(picture, (60, 60), interpolation=cv2.INTER_AREA)
    same = unmoved((60, 60), 5, (0.1, 0.1), (0, 0)) @ window(0, 0, 60, 60, 60)
    difference = warp(picture, places, 60).astype(int) - warp(small, same, 60)
    assert np.abs(difference).mean() < 1


def test_the_picture_itself_is_left_alone() -> None:
    picture = smooth(50, 70)
    before = picture.copy()
    for degrees in (0, 9):
        warp(picture, unmoved((50, 70), degrees, (0, 0), (0, 0)) @ window(0, 0, 70, 50, 20), 20)
    assert np.array_equal(picture, before)
