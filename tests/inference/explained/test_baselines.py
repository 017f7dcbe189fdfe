from __future__ import annotations

import cv2
import keras
import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.inference.explained.baselines import chance, features, raw_pixels, read_crops


def noise(count: int, side: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(60, 200, (count, side, side, 3), dtype=np.uint8)


def test_chance_is_the_mean_over_all_ways_to_hand_out_the_predictions():
    ranked = [["a", "b"], ["b", "c"], ["x"]]
    # Precision of each row for a, b, c: (1, ½, 0), (0, 1, ½), (0, 0, 0). Of the six ways to hand
    # them out the best gives ⅔, and it comes up more often than one time in forty.
    mean, highest = chance(ranked, ["a", "b", "c"], seed=1)
    assert mean == pytest.approx(3 / 9)
    assert highest == pytest.approx(2 / 3)


def test_chance_of_always_the_same_prediction_is_its_score():
    mean, highest = chance([["a", "b"]] * 4, ["a", "a", "b", "z"], seed=1)
    assert mean == highest == pytest.approx(2.5 / 4)


def test_chance_is_the_same_for_the_same_seed():
    rng = np.random.default_rng(0)
    ids = [f"w{n}" for n in range(9)]
    ranked = [rng.permutation(ids)[:5].tolist() for _ in range(30)]
    truth = rng.choice(ids, 30).tolist()
    mean, highest = chance(ranked, truth, seed=4)
    assert chance(ranked, truth, seed=4) == (mean, highest)
    assert highest > mean


def test_crops_are_the_boxes_and_whole_images_without_one(tmp_path):
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[10:20, 30:50] = (10, 200, 30)
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), picture[..., ::-1])
    crops = read_crops(tmp_path, ["a.png", "b.png"], {"a.png": Box(30, 10, 50, 20)}, 16)
    assert crops.shape == (2, 16, 16, 3)
    assert (crops[0] == (10, 200, 30)).all()
    assert (crops[1] == 0).any()


def test_raw_pixels_are_grey_and_without_their_mean():
    crops = noise(3, 96)
    flat = raw_pixels(crops)
    assert flat.shape == (3, 64 * 64)
    assert flat.dtype == np.float32
    np.testing.assert_allclose(flat.mean(axis=1), 0, atol=1e-3)
    # The same picture in brighter light has the same pixels.
    np.testing.assert_allclose(raw_pixels(crops + np.uint8(20)), flat, atol=1.5)
    assert np.abs(flat[0] - flat[1]).max() > 10


@pytest.mark.parametrize("count", [1, 64, 70])
def test_features_of_every_crop_whatever_their_number(count):
    pictures = keras.Input((None, None, 3))
    model = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures))
    crops = noise(count, 8)
    found = features(model, crops)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, crops.mean(axis=(1, 2)), rtol=1e-5)
