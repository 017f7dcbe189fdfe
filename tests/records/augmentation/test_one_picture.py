from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tf_happywhale.config import Augment
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.records.augmentation import one_picture
from tf_happywhale.records.augmentation.colour import blur, colour_matrix, recolour
from tf_happywhale.records.augmentation.one_picture import (
    augment,
    draw_crop,
    draw_odd,
    draw_places,
    generator,
)

OPERATIONS = [
    "affine", "grey", "blur", "motion_blur", "noise", "grid_shuffle", "brightness_contrast",
    "cutout", "occlusion", "flip",
]  # fmt: skip


def flip(picture: np.ndarray) -> np.ndarray:
    return picture[:, ::-1]


def grey(picture: np.ndarray) -> np.ndarray:
    return recolour(picture, colour_matrix(grey=True, factor=1, shift=0))


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


def test_with_every_probability_zero_the_picture_stays() -> None:
    picture = noise_picture()
    assert all(np.array_equal(drawn, picture) for drawn in draws(settings(), picture, 30))


def test_without_augmentation_the_picture_is_only_resized() -> None:
    picture = noise_picture(32, 64)
    resized = augment(picture, 32, Augment(enabled=False), generator(1, 2, "a.jpg"))
    assert np.array_equal(resized, resize(picture, 32))


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
    cut = [np.count_nonzero(~drawn.any(axis=2)) for drawn in all_drawn("cutout")]
    assert min(cut) > 0
    for name in ("affine", "motion_blur", "noise", "brightness_contrast", "occlusion"):
        changed = all_drawn(name)
        assert not any(np.array_equal(drawn, picture) for drawn in changed)
        least = 15 if name == "motion_blur" else 25  # few lengths, and angles that round alike
        assert len({drawn.tobytes() for drawn in changed}) >= least


def test_drawn_noise_has_the_variance_asked_for() -> None:
    middle = np.full((64, 64, 3), 128, np.uint8)
    chosen = settings(noise_p=1)
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


def test_an_operation_of_probability_one_is_drawn_once_in_the_originals_order(monkeypatch) -> None:
    called = []
    for name in (
        "blur", "motion_blur", "grid_shuffle", "recolour", "add_noise", "cutout", "occlude",
    ):  # fmt: skip
        original = getattr(one_picture, name)

        def spy(*args, name=name, original=original):
            called.append(name)
            return original(*args)

        monkeypatch.setattr(one_picture, name, spy)
    chosen = settings(**{f"{name}_p": 1 for name in OPERATIONS})
    augment(noise_picture(), 16, chosen, generator(0, 0, "a.jpg"))
    assert called == [
        "blur", "motion_blur", "grid_shuffle", "recolour", "add_noise", "cutout", "occlude",
    ]  # fmt: skip


def test_all_geometry_is_one_warp(monkeypatch) -> None:
    calls = []

    def counting(*args, **named):
        calls.append(args)
        return original(*args, **named)

    original = cv2.warpAffine
    monkeypatch.setattr(cv2, "warpAffine", counting)
    chosen = settings(affine_p=1, flip_p=1, crop_scale=(0.9, 0.95))
    augment(noise_picture(40, 40), 24, chosen, generator(0, 0, "a.jpg"))
    assert len(calls) == 1


def test_noise_is_as_strong_as_if_it_came_before_the_contrast(monkeypatch) -> None:
    monkeypatch.setattr(one_picture, "NOISE", (25, 25))
    middle = np.full((128, 128, 3), 100, np.uint8)
    off = {"noise_p": 1, "brightness_contrast_p": 1, "brightness": 0}
    for drawn in draws(settings(**off, contrast=0.5), middle, 8):
        factor = drawn.mean() / 100
        assert abs(drawn.std() - 5 * factor) < 0.2


def test_places_are_window_then_mirror_then_the_moved_crop() -> None:
    chosen = settings(affine_p=1, rotate=0, shear=0, translate=0, flip_p=1, crop_scale=(0.5, 0.5))
    places = draw_places((64, 64), 32, chosen, generator(1, 0, "a.jpg"))
    side = round(math.sqrt(0.5) * 64)
    assert places[0, 0] == pytest.approx(-side / 32)
    assert places[1, 1] == pytest.approx(side / 32)
    left = places[0, 2] - side
    assert 0 <= left <= 64 - side


def test_odd_sizes_are_drawn_from_the_smallest_to_the_largest() -> None:
    rng = np.random.default_rng(1)
    assert {draw_odd((3, 7), rng) for _ in range(50)} == {3, 5, 7}
    assert {draw_odd((5, 5), rng) for _ in range(5)} == {5}
