from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.pictures import near_duplicates
from tf_happywhale.pictures.near_duplicates import thumbnails


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 200, (count, 16, 16, 3), dtype=np.uint8)


def test_products_of_thumbnails_are_correlations_of_grey_levels():
    some = pictures(4)
    vectors = thumbnails(some)
    assert vectors.shape == (4, 256)
    assert vectors.dtype == np.float32
    grey = some.astype(np.float64).mean(axis=3).reshape(4, -1)
    np.testing.assert_allclose(vectors @ vectors.T, np.corrcoef(grey), atol=1e-5)


def test_light_and_contrast_do_not_count_but_a_mirror_image_is_another_picture():
    some = pictures(1)
    brighter = (some * 0.8 + 40).astype(np.uint8)
    one, other, turned = (thumbnails(x) for x in (some, brighter, some[:, :, ::-1]))
    assert (one @ other.T).item() > 0.99
    assert (one @ turned.T).item() < 0.5


def test_a_picture_of_one_colour_is_like_none():
    assert not thumbnails(np.full((1, 16, 16, 3), 90, np.uint8)).any()


@pytest.mark.parametrize("tile", [2, 100])
def test_near_copies_are_found_wherever_they_stand(monkeypatch, tile):
    monkeypatch.setattr(near_duplicates, "TILE", tile)
    some, noise = pictures(5), np.random.default_rng(1).normal(0, 5, (16, 16, 3))
    queries = pictures(5, seed=7)
    queries[3] = np.clip(some[1] + noise, 0, 255)
    found = near_duplicates.near_duplicates(thumbnails(queries), thumbnails(some), 0.9)
    assert found.tolist() == [False, False, False, True, False]


def test_nothing_to_compare_with_is_no_duplicate():
    some = thumbnails(pictures(3))
    assert not near_duplicates.near_duplicates(some, some[:0], 0.5).any()
    assert near_duplicates.near_duplicates(some[:0], some, 0.5).shape == (0,)
