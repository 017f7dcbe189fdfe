from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from tf_happywhale.config import Augment
from tf_happywhale.records import augmentation
from tf_happywhale.records.augmentation import (
    add_noise,
    affine,
    augment,
    blur,
    brightness_contrast,
    draw_crop,
    flip,
    generator,
    grey,
    grid_shuffle,
    resized_crop,
)

NO_SHEAR = np.zeros(2)
OPERATIONS = ["affine", "grey", "blur", "noise", "grid_shuffle", "brightness_contrast", "flip"]


def settings(**changes) -> Augment:
    """Everything off and the whole picture kept, but for the changes."""
    off = {f"{name}_p": 0 for name in OPERATIONS}
    return Augment(**(off | {"crop_scale": (1, 1), "crop_ratio": (1, 1)} | changes))


def noise_picture(height: int = 32, width: int = 32) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


def point(height: int, width: int, y: int, x: int) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[y, x] = 255
    return picture


def brightest(picture: np.ndarray) -> tuple[int, int]:
    y, x = np.unravel_index(picture[..., 0].argmax(), picture.shape[:2])
    return int(y), int(x)


def draws(chosen: Augment, picture: np.ndarray, count: int) -> list[np.ndarray]:
    size = picture.shape[0]
    return [augment(picture, size, chosen, generator(3, 0, f"{n}.jpg")) for n in range(count)]


def test_an_affine_of_nothing_is_the_picture() -> None:
    picture = noise_picture(20, 32)
    assert np.array_equal(affine(picture, 0, (0, 0), NO_SHEAR), picture)


@pytest.mark.parametrize(
    ("degrees", "place"), [(90, (8, 16)), (-90, (24, 16)), (180, (16, 8)), (45, (10, 22))]
)
def test_rotation_is_counter_clockwise_about_the_centre(degrees: float, place: tuple) -> None:
    right_of_centre = point(33, 33, 16, 24)
    assert brightest(affine(right_of_centre, degrees, (0, 0), NO_SHEAR)) == place
    centre = point(33, 33, 16, 16)
    assert brightest(affine(centre, degrees, (0, 0), NO_SHEAR)) == (16, 16)


def test_a_shift_is_right_by_width_and_down_by_height_and_leaves_black() -> None:
    picture = np.full((32, 64, 3), 200, np.uint8)
    shifted = affine(picture, 0, (0.25, 0.5), NO_SHEAR)
    assert (shifted[16:, 16:] == 200).all()
    assert not shifted[:16].any()
    assert not shifted[:, :16].any()


def test_shear_moves_rows_in_x_and_columns_in_y() -> None:
    half = math.degrees(math.atan(0.5))
    below = point(33, 33, 24, 16)
    assert brightest(affine(below, 0, (0, 0), np.array([half, 0]))) == (24, 20)
    right = point(33, 33, 16, 24)
    assert brightest(affine(right, 0, (0, 0), np.array([0, half]))) == (20, 24)


def test_drawn_shifts_go_right_and_down_only_and_not_too_far() -> None:
    places = [
        brightest(picture)
        for picture in draws(
            settings(affine_p=1, rotate=0, shear=0, translate=0.25), point(32, 32, 16, 16), 60
        )
    ]
    downs, rights = ([place[axis] - 16 for place in places] for axis in (0, 1))
    for moved in (downs, rights):
        assert min(moved) >= 0
        assert 6 <= max(moved) <= 8
    assert downs != rights


def test_drawn_rotations_go_both_ways_and_not_too_far() -> None:
    pictures = draws(
        settings(affine_p=1, rotate=15, shear=0, translate=0), point(65, 65, 32, 62), 80
    )
    risen = [32 - brightest(picture)[0] for picture in pictures]
    highest = 30 * math.sin(math.radians(15))  # 7.8 pixels
    assert -highest - 1 < min(risen) < -5
    assert 5 < max(risen) < highest + 1


def test_crops_lie_inside_with_the_area_and_ratio_asked_for() -> None:
    rng = np.random.default_rng(1)
    seen = [draw_crop((300, 400), (0.5, 0.7), (0.75, 4 / 3), rng) for _ in range(300)]
    for x, y, width, height in seen:
        assert 0 <= x <= 400 - width
        assert 0 <= y <= 300 - height
        assert 0.49 < width * height / (300 * 400) < 0.71
        assert 0.74 < width / height < 1.35
    shares = [width * height / (300 * 400) for _, _, width, height in seen]
    assert max(shares) > 0.68
    assert min(shares) < 0.52
    assert len({x for x, *_ in seen}) > 50


@pytest.mark.parametrize(
    ("shape", "window"), [((9, 100), (44, 0, 12, 9)), ((100, 9), (0, 44, 9, 12))]
)
def test_where_no_crop_fits_the_largest_of_an_allowed_ratio_is_taken(shape, window) -> None:
    rng = np.random.default_rng(1)
    assert draw_crop(shape, (1, 1), (0.75, 4 / 3), rng) == window


def test_a_resized_crop_is_the_window() -> None:
    picture = noise_picture(8, 12)
    assert np.array_equal(resized_crop(picture, (3, 1, 4, 4), 4), picture[1:5, 3:7])
    assert resized_crop(picture, (3, 1, 6, 2), 5).shape == (5, 5, 3)


def test_grey_is_luminance_in_all_channels() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert grey(colours).tolist() == [[[76] * 3, [150] * 3, [29] * 3, [255] * 3]]


def test_blur_spreads_a_point_evenly() -> None:
    blurred = blur(point(9, 9, 4, 4), 3)
    assert (blurred[3:6, 3:6] == 28).all()  # 255 / 9
    blurred[3:6, 3:6] = 0
    assert not blurred.any()
    assert (blur(point(9, 9, 4, 4), 5)[2:7, 2:7] == 10).all()


def test_noise_is_added_and_clipped() -> None:
    picture = np.array([[[10, 100, 250]]], np.uint8)
    noise = np.array([[[-20, 5, 20]]], np.float32)
    assert add_noise(picture, noise).tolist() == [[[0, 105, 255]]]


def test_the_quarters_change_places() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:2, 3:], picture[2:, :3], picture[2:, 3:] = 1, 2, 3
    assert np.array_equal(grid_shuffle(picture, np.arange(4)), picture)
    shuffled = grid_shuffle(picture, np.array([2, 3, 1, 0]))
    assert shuffled[::2, ::3, 0].tolist() == [[2, 3], [1, 0]]
    assert Counter(shuffled.ravel().tolist()) == Counter(picture.ravel().tolist())


def test_an_odd_last_row_and_column_stay() -> None:
    picture = noise_picture(5, 7)
    shuffled = grid_shuffle(picture, np.array([3, 2, 1, 0]))
    assert np.array_equal(shuffled[4], picture[4])
    assert np.array_equal(shuffled[:, 6], picture[:, 6])
    assert np.array_equal(shuffled[:2, :3], picture[2:4, 3:6])


def test_brightness_and_contrast_are_a_line_clipped_at_both_ends() -> None:
    levels = np.array([[[0, 20, 100], [200, 254, 255]]], np.uint8)
    assert brightness_contrast(levels, 1.5, -40).tolist() == [[[0, 0, 110], [255, 255, 255]]]
    assert brightness_contrast(levels, 0.5, 10).tolist() == [[[10, 20, 60], [110, 137, 137]]]
    assert np.array_equal(brightness_contrast(levels, 1, 0), levels)


def test_a_flip_mirrors_left_to_right() -> None:
    assert brightest(flip(point(5, 9, 1, 2))) == (1, 6)


@pytest.mark.parametrize(
    "operation",
    [
        lambda p: affine(p, 10, (0.1, 0.1), np.ones(2)),
        grey,
        lambda p: blur(p, 3),
        lambda p: add_noise(p, np.ones(p.shape, np.float32)),
        lambda p: grid_shuffle(p, np.array([3, 2, 1, 0])),
        lambda p: brightness_contrast(p, 1.2, 10),
        flip,
        lambda p: augment(p, 16, Augment(), generator(1, 1, "a.jpg")),
    ],
)
def test_every_operation_returns_uint8_and_leaves_its_argument(operation) -> None:
    picture = noise_picture()
    before = picture.copy()
    changed = operation(picture)
    assert changed.dtype == np.uint8
    assert changed.ndim == 3
    assert np.array_equal(picture, before)


def test_with_every_probability_zero_the_picture_stays() -> None:
    picture = noise_picture()
    assert all(np.array_equal(drawn, picture) for drawn in draws(settings(), picture, 30))


def test_without_augmentation_the_picture_is_only_resized() -> None:
    picture = noise_picture(32, 64)
    resized = augment(picture, 32, Augment(enabled=False), generator(1, 2, "a.jpg"))
    assert np.array_equal(resized, resized_crop(picture, (0, 0, 64, 32), 32))


def test_each_probability_of_one_applies_its_operation() -> None:
    picture = noise_picture()

    def all_drawn(name: str) -> list[np.ndarray]:
        return draws(settings(**{f"{name}_p": 1}), picture, 25)

    assert all(np.array_equal(drawn, grey(picture)) for drawn in all_drawn("grey"))
    assert all(np.array_equal(drawn, flip(picture)) for drawn in all_drawn("flip"))
    sizes = [
        [size for size in range(1, 10) if np.array_equal(drawn, blur(picture, size))]
        for drawn in all_drawn("blur")
    ]
    assert {tuple(found) for found in sizes} == {(3,), (5,), (7,)}
    corners = [drawn[:1, :1].tobytes() for drawn in all_drawn("grid_shuffle")]
    quarters = [picture[y : y + 1, x : x + 1].tobytes() for y in (0, 16) for x in (0, 16)]
    assert set(corners) == set(quarters)
    for name in ("affine", "noise", "brightness_contrast"):
        changed = all_drawn(name)
        assert not any(np.array_equal(drawn, picture) for drawn in changed)
        assert len({drawn.tobytes() for drawn in changed}) == 25


def test_drawn_noise_has_the_variance_asked_for() -> None:
    middle = np.full((64, 64, 3), 128, np.uint8)
    chosen = settings(noise_p=1, noise_variance=(10, 50))
    found = [float(np.var(drawn.astype(float))) for drawn in draws(chosen, middle, 30)]
    assert 9 < min(found) < 20
    assert 40 < max(found) < 53


def test_drawn_brightness_and_contrast_stay_in_their_ranges() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, :16], picture[:, 16:] = 100, 150
    chosen = settings(brightness_contrast_p=1, brightness=0.2, contrast=0.2)
    drawn = [(int(p[0, 0, 0]), int(p[0, -1, 0])) for p in draws(chosen, picture, 200)]
    factors = [(high - low) / 50 for low, high in drawn]
    assert 0.78 <= min(factors) < 0.85
    assert 1.15 < max(factors) <= 1.22
    shifts = [low - 100 * factor for (low, _), factor in zip(drawn, factors, strict=True)]
    assert -55 < min(shifts) < -40
    assert 40 < max(shifts) < 55


def test_a_probability_is_how_often() -> None:
    picture = noise_picture()
    mirrored = flip(picture)
    drawn = draws(settings(flip_p=0.3), picture, 400)
    assert 90 < sum(np.array_equal(p, mirrored) for p in drawn) < 150


def test_the_operations_come_in_the_seeds_order(monkeypatch) -> None:
    called = []
    functions = [
        "affine",
        "resized_crop",
        "grey",
        "blur",
        "add_noise",
        "grid_shuffle",
        "brightness_contrast",
        "flip",
    ]
    for name in functions:
        original = getattr(augmentation, name)

        def spy(*args, name=name, original=original, **named):
            called.append(name)
            return original(*args, **named)

        monkeypatch.setattr(augmentation, name, spy)
    chosen = settings(**{f"{name}_p": 1 for name in OPERATIONS})
    augment(noise_picture(), 16, chosen, generator(0, 0, "a.jpg"))
    assert called == functions


def test_an_example_is_a_function_of_seed_epoch_and_image() -> None:
    picture = noise_picture()
    chosen = Augment(affine_p=1, brightness_contrast_p=1)

    def drawn(seed: int, epoch: int, image: str | bytes) -> bytes:
        return augment(picture, 24, chosen, generator(seed, epoch, image)).tobytes()

    first = drawn(1, 2, "é.jpg")
    assert drawn(1, 2, "é.jpg") == first
    assert drawn(1, 2, "é.jpg".encode()) == first
    changes = [(2, 2, "é.jpg"), (1, 3, "é.jpg"), (2, 1, "é.jpg"), (1, 2, "e.jpg")]
    others = {drawn(*change) for change in changes}
    assert len(others) == 4
    assert first not in others


@pytest.mark.parametrize("shape", [(16, 16), (40, 20), (9, 50)])
def test_the_result_has_the_size_asked_for(shape: tuple[int, int]) -> None:
    for n in range(20):
        picture = augment(noise_picture(*shape), 24, Augment(), generator(n, 0, "a.jpg"))
        assert picture.shape == (24, 24, 3)
        assert picture.dtype == np.uint8
        assert picture.flags["C_CONTIGUOUS"]
