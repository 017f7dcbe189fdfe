from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.matching.aliked import LEVELS, Maps
from tf_happywhale.matching.point_descriptors import FeatureMap, describe

HEIGHT, WIDTH = 64, 96  # of the padded picture
CORNER, SHAPE = (10, 4), (40, 80)  # of the picture in it


def random_maps(seed: int = 0) -> Maps:
    random = np.random.RandomState(seed)
    levels = [random.randn(HEIGHT // each, WIDTH // each, 32) for each in LEVELS]
    return Maps(np.zeros((HEIGHT, WIDTH)), tuple(each.astype(np.float32) for each in levels))


def whole_map(maps: Maps) -> np.ndarray:
    """The features of every pixel: all levels enlarged, corners on corners, and normalised."""
    parts = [
        np.einsum("Hh,hwc,Ww->HWc", enlarges(len(level), HEIGHT), level, enlarges(*across))
        for level in maps.features
        for across in [(level.shape[1], WIDTH)]
    ]
    features = np.concatenate(parts, 2)
    features = features[CORNER[0] : CORNER[0] + SHAPE[0], CORNER[1] : CORNER[1] + SHAPE[1]]
    return features / np.linalg.norm(features, axis=2, keepdims=True)


def enlarges(small: int, large: int) -> np.ndarray:
    """The matrix that does it along one side, [large, small]."""
    places = np.linspace(0, small - 1, large)
    return np.stack([np.interp(places, np.arange(small), unit) for unit in np.eye(small)], 1)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return whole_map(random_maps())


@pytest.fixture
def features() -> FeatureMap:
    return FeatureMap(random_maps(), CORNER, SHAPE)


def test_features_of_pixels_are_those_of_the_enlarged_maps(features, expected):
    row, column = np.mgrid[: SHAPE[0], : SHAPE[1]]
    np.testing.assert_allclose(features.at(row, column), expected, atol=1e-4)


def test_between_pixels_they_are_interpolated_with_zeros_outside(features, expected):
    places = np.array([[3, 5], [3.25, 5.5], [79, 39], [79.5, 39], [-0.25, 7], [-1, -9], [85, 3]])
    found = features.between(places.astype(np.float32))
    right = [
        expected[5, 3],
        0.75 * (expected[5, 3] + expected[6, 3]) / 2 + 0.25 * (expected[5, 4] + expected[6, 4]) / 2,
        expected[39, 79],
        0.5 * expected[39, 79],
        0.75 * expected[7, 0],
        np.zeros(128),
        np.zeros(128),
    ]
    np.testing.assert_allclose(found, right, atol=1e-4)


def test_a_descriptor_without_offsets_is_of_its_own_place(features):
    random = np.random.RandomState(1)
    aggregate = random.randn(16, 128, 128).astype(np.float32)
    weights = {
        "desc_head.offset_conv.0.weight": np.zeros((32, 128, 3, 3), np.float32),
        "desc_head.offset_conv.0.bias": np.zeros(32, np.float32),
        "desc_head.offset_conv.2.weight": np.zeros((32, 32, 1, 1), np.float32),
        "desc_head.offset_conv.2.bias": np.zeros(32, np.float32),
        "desc_head.sf_conv.weight": np.eye(128, dtype=np.float32)[:, :, None, None],
        "desc_head.agg_weights": aggregate,
    }
    xy = np.array([[10.5, 7.25], [0, 0], [79, 39]], np.float32)
    seen = features.between(xy).astype(np.float64)
    seen = 1.0507009873554805 * np.where(seen > 0, seen, 1.6732632423543772 * (np.exp(seen) - 1))
    right = seen @ aggregate.sum(0)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    np.testing.assert_allclose(describe(features, xy, weights), right, atol=1e-4)
    # A bias of the offsets moves the places: the first sixteen along x, the rest along y.
    weights["desc_head.offset_conv.2.bias"] = np.repeat([2.0, -1.0], 16).astype(np.float32)
    moved = describe(features, xy[:1], weights)
    weights["desc_head.offset_conv.2.bias"] = np.zeros(32, np.float32)
    np.testing.assert_allclose(
        moved, describe(features, xy[:1] + np.float32([2, -1]), weights), atol=1e-4
    )
