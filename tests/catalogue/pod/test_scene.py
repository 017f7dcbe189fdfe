"""The sea without the animal."""

from __future__ import annotations

import numpy as np

from tf_happywhale.catalogue.pod.scene import draw_sea
from tf_happywhale.catalogue.pod.weather import Camera, draw_weather

CAMERA = Camera(width=300, height=200, waterline=140.0, drop=100.0, grazing=0.125)


def test_the_sea_is_the_same_for_the_same_numbers() -> None:
    weather = draw_weather(np.random.default_rng(1))
    first = draw_sea(weather, CAMERA, np.random.default_rng(2))
    again = draw_sea(weather, CAMERA, np.random.default_rng(2))
    other = draw_sea(weather, CAMERA, np.random.default_rng(3))
    assert np.array_equal(first.picture, again.picture)
    assert not np.allclose(first.picture, other.picture)


def test_shapes_and_types() -> None:
    for seed in range(6):
        sea = draw_sea(draw_weather(np.random.default_rng(seed)), CAMERA, np.random.default_rng(4))
        assert sea.picture.shape == (200, 300, 3) and sea.picture.dtype == np.float32
        assert np.isfinite(sea.picture).all() and sea.picture.min() >= 0
        assert sea.front.shape == (300,)
        assert sea.nearness.shape == sea.slope.shape == (200, 300)


def test_sky_stands_above_the_horizon_and_nearer_water_below() -> None:
    sea = draw_sea(draw_weather(np.random.default_rng(1)), CAMERA, np.random.default_rng(2))
    assert (sea.nearness[:20] == 0).all()
    below = sea.nearness[70:].mean(axis=1)
    assert (np.diff(below) > -0.02).all() and below[-1] > 1


def test_water_in_front_of_the_animal_starts_near_its_waterline() -> None:
    sea = draw_sea(draw_weather(np.random.default_rng(1)), CAMERA, np.random.default_rng(2))
    assert abs(float(sea.front.mean()) - CAMERA.waterline) < 15


def test_water_hides_the_animal_only_below_that_line() -> None:
    sea = draw_sea(draw_weather(np.random.default_rng(1)), CAMERA, np.random.default_rng(2))
    column = 150
    line = int(sea.front[column])
    assert sea.nearness[line + 4, column] >= 0.97
    assert sea.nearness[line - 4, column] <= 1.05
