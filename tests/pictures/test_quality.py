from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tf_happywhale.config import Quality as Limits
from tf_happywhale.pictures.quality import CropQuality, sharpness, warnings


@pytest.fixture
def sharp() -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (16, 16, 3), np.uint8)
    return cv2.resize(coarse, (128, 128), interpolation=cv2.INTER_NEAREST)


def test_blur_lowers_sharpness_and_contrast_does_not(sharp: np.ndarray) -> None:
    found = [sharpness(cv2.GaussianBlur(sharp, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    assert sharpness(sharp) > found[0] > found[1] > found[2] > found[3]
    pale = (100 + sharp // 4).astype(np.uint8)
    assert sharpness(pale) == pytest.approx(sharpness(sharp), rel=0.05)


def test_an_even_picture_has_no_sharpness() -> None:
    assert sharpness(np.full((32, 32, 3), 90, np.uint8)) == 0


def test_the_steps_of_a_faint_slope_are_no_edges() -> None:
    slope = np.tile(np.linspace(90, 104, 128).round().astype(np.uint8), (128, 1))
    assert sharpness(np.repeat(slope[:, :, None], 3, axis=2)) < 0.005


def test_each_fault_is_said_in_words_and_a_good_crop_has_none() -> None:
    limits = Limits(min_side=100, min_sharpness=0.1, min_confidence=0.5)
    assert warnings(CropQuality(100, 0.1, 0.5), limits) == []
    assert warnings(CropQuality(400, 1.0, math.nan), limits) == []
    assert warnings(CropQuality(400, 1.0, 0.0), Limits(min_confidence=0)) == []
    (nothing,) = warnings(CropQuality(400, 1.0, 0.0), limits)
    assert nothing == "The detector found no box: the whole picture is used."
    said = warnings(CropQuality(99, 0.05, 0.25), limits)
    assert said == ["Small: 99 pixels.", "Blurred.", "The detector was not sure of the box (25%)."]
