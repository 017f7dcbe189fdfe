"""White water round the animal."""

from __future__ import annotations

import numpy as np

from tf_happywhale.catalogue.pod.splash import draw_splash
from tf_happywhale.catalogue.pod.weather import Camera

CAMERA = Camera(width=300, height=200, waterline=140.0, drop=100.0, grazing=0.125)


def test_a_splash_lies_between_its_ends() -> None:
    front = np.full(300, 140.0, np.float32)
    cover = draw_splash(CAMERA, front, 100.0, 200.0, 0.8, np.random.default_rng(5))
    assert cover.shape == (200, 300)
    assert cover.min() >= 0 and cover.max() <= 0.95
    near = cover[136:150]
    assert near[:, 120:180].mean() > 4 * near[:, :50].mean()


def test_more_vigour_makes_more_white_water() -> None:
    front = np.full(300, 140.0, np.float32)
    little, much = (
        draw_splash(CAMERA, front, 100.0, 200.0, vigour, np.random.default_rng(5)).sum()
        for vigour in (0.05, 0.95)
    )
    assert much > 2 * little
