from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.inference.explained.explain import (
    Explainer,
    correspond,
    last_map,
    maps_of_backbone,
)
from tf_happywhale.models.layers.region import Region
from tf_happywhale.models.sizes import at_sizes


def spot(row: int, column: int, colour: int = 0) -> np.ndarray:
    """A black picture of 32 pixels with one bright cell of 8 in one colour."""
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[8 * row : 8 * row + 8, 8 * column : 8 * column + 8, colour] = 255
    return picture


@pytest.fixture
def explain() -> Explainer:
    """The mean colour is the embedding: only what is bright can matter."""
    pictures = keras.Input((None, None, 3))
    cells = keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 255)(pictures))
    embedding = keras.layers.GlobalAveragePooling2D()(cells)
    return Explainer(keras.Model(pictures, embedding))


def test_heat_lies_where_the_pictures_are_alike(explain: Explainer) -> None:
    match = explain(spot(0, 3) + spot(2, 2, colour=1), spot(3, 1) + spot(0, 0, colour=2))
    assert match.heat[0].shape == (4, 4)
    assert match.heat[0][0, 3] == pytest.approx(1) and match.heat[1][3, 1] == pytest.approx(1)
    assert match.score == pytest.approx(0.5, abs=1e-5)  # one of two colours is shared


def test_heat_of_nothing_alike_is_even(explain: Explainer) -> None:
    match = explain(spot(0, 0), spot(1, 1, colour=2))
    np.testing.assert_allclose(match.heat[0], 1 / 16)


def test_corresponding_cells_are_one_anothers_nearest() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(3, 4, 8))
    second = first[::-1, ::-1]  # turned by half
    parts, likeness = correspond(np.stack([first, second]), 5)
    assert parts.shape == (5, 4)
    np.testing.assert_allclose(likeness, 1)
    np.testing.assert_array_equal(parts[:, 2:], [2, 3] - parts[:, :2])


def test_the_map_with_most_channels_is_found_before_its_pooling() -> None:
    pictures = keras.Input((None, None, 3))
    early = keras.layers.Conv2D(4, 3, 2)(pictures)
    late = keras.layers.Conv2D(6, 3, 2)(early)
    pooled = [keras.layers.GlobalAveragePooling2D()(part) for part in (early, late)]
    model = keras.Model(pictures, keras.layers.Dense(5)(keras.layers.Concatenate()(pooled)))
    assert last_map(model).shape[-1] == 6
    with pytest.raises(InputError, match="no feature map"):
        last_map(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]))


def test_of_a_model_with_a_region_only_that_is_explained() -> None:
    pictures = keras.Input((None, None, 3))
    seen = Region((0.5, 0, 1, 0.25))(pictures)
    cells = keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 255)(seen))
    explain = Explainer(keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(cells)))
    first, second = spot(0, 3) + spot(0, 2, colour=1) + spot(2, 2), spot(0, 3) + spot(3, 3)
    np.testing.assert_allclose(explain(first, second).heat[0], [[0, 1]], atol=1e-6)
    np.testing.assert_array_equal(explain.seen(first), first[:8, 16:])


def test_of_a_model_of_several_sizes_the_network_is_explained() -> None:
    pictures = keras.Input((None, None, 3))
    cells = keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 255)(pictures))
    pooled = keras.layers.GlobalAveragePooling2D()(cells)
    embedder = keras.Model(pictures, pooled, name="embedder")
    first, second = spot(0, 3) + spot(0, 2, colour=1), spot(0, 3) + spot(3, 3)
    match = Explainer(at_sizes(embedder, [1, 2]))(first, second)
    np.testing.assert_array_equal(match.heat[0], Explainer(embedder)(first, second).heat[0])


def test_a_network_inside_is_explained_by_what_follows_it(explain: Explainer) -> None:
    """As a whole, in which the gradient goes through the network too."""
    inner = keras.Input((None, None, 3))
    cells = keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 255)(inner))
    early = keras.layers.AveragePooling2D(4)(keras.layers.Rescaling(1 / 255)(inner))
    network = keras.Model(inner, [early, cells])
    pictures = keras.Input((None, None, 3))
    maps = network(pictures)
    halved = keras.layers.Cropping2D(((0, 2), (0, 0)))(maps[1])
    pooled = [keras.layers.GlobalAveragePooling2D()(part) for part in (*maps, halved)]
    nested = keras.Model(pictures, keras.layers.Average()(pooled))
    pair = spot(0, 3) + spot(2, 2, colour=1), spot(3, 1) + spot(0, 0, colour=2)
    assert len(maps_of_backbone(nested)) == 2
    found = Explainer(nested)(*pair)
    assert found.heat[0].shape == (8, 8)  # the first of maps with equally many channels
    assert found.score == pytest.approx(0.5, abs=0.2)
    single = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(maps[1]))
    np.testing.assert_allclose(Explainer(single)(*pair).heat[0], explain(*pair).heat[0], atol=1e-6)
