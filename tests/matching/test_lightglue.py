"""With random weights, against the paper's formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest

from tests.matching.plain_lightglue import Plain
from tests.matching.random_weights import LAYERS, lightglue
from tf_happywhale.matching.engines.keras_engine import KerasEngine
from tf_happywhale.matching.lightglue import Turned, assign, begin, layers
from tf_happywhale.matching.lightglue_weights import lightglue_weights

WIDTHS = [128, 4, 4, 128, 4, 4]


def whole(ops, weights, *arrays):
    """All of the network: best matches, the logarithms of their scores, best matches back."""
    pictures = [
        Turned(begin(ops, *arrays[place : place + 3], weights), *arrays[place + 1 : place + 3])
        for place in (0, 3)
    ]
    points = layers(ops, *pictures, weights, range(1))
    pictures = [each._replace(points=found) for each, found in zip(pictures, points, strict=True)]
    points = layers(ops, *pictures, weights, range(1, LAYERS))
    return assign(ops, *points, weights.assignments[-1])


def pictures(one: int, other: int, seed: int) -> list[np.ndarray]:
    """Descriptors and places of two pictures."""
    random = np.random.RandomState(seed)
    descriptors = [random.randn(count, 128) / 4 for count in (one, other)]
    return [*descriptors, *(random.uniform(-1, 1, (count, 2)) for count in (one, other))]


def inputs(one, other, places, other_places, checkpoint) -> list[np.ndarray]:
    frequencies = checkpoint["posenc.Wr.weight"].T
    angle, other_angle = places @ frequencies, other_places @ frequencies
    arrays = one, np.cos(angle), np.sin(angle), other, np.cos(other_angle), np.sin(other_angle)
    return [each.astype(np.float32) for each in arrays]


@pytest.mark.parametrize(("one", "other"), [(7, 5), (1, 4), (12, 12)])
def test_scores_are_those_of_the_formulas(one, other):
    checkpoint = lightglue(seed=one)
    given = pictures(one, other, seed=other)
    expected = Plain(checkpoint, LAYERS)(*given)
    run = KerasEngine("float32").compiled(whole, lightglue_weights(checkpoint), WIDTHS)
    best, score, back = run(*inputs(*given, checkpoint))
    # The order of sums depends on the number of threads, and scores go down to 1e-33.
    np.testing.assert_allclose(np.exp(score), expected.max(1), rtol=1e-3)
    np.testing.assert_array_equal(best, expected.argmax(1))
    np.testing.assert_array_equal(back, expected.argmax(0))


def test_which_picture_comes_first_does_not_matter():
    checkpoint = lightglue()
    one, other, places, other_places = pictures(9, 6, seed=1)
    run = KerasEngine("float32").compiled(whole, lightglue_weights(checkpoint), WIDTHS)
    best, _, back = run(*inputs(one, other, places, other_places, checkpoint))
    turned, _, turned_back = run(*inputs(other, one, other_places, places, checkpoint))
    np.testing.assert_array_equal(best, turned_back)
    np.testing.assert_array_equal(back, turned)


def test_a_shift_of_all_places_changes_nothing():
    checkpoint = lightglue()
    one, other, places, other_places = pictures(9, 6, seed=2)
    run = KerasEngine("float32").compiled(whole, lightglue_weights(checkpoint), WIDTHS)
    _, score, _ = run(*inputs(one, other, places, other_places, checkpoint))
    _, moved, _ = run(*inputs(one, other, places + 0.3, other_places - 0.2, checkpoint))
    np.testing.assert_allclose(score, moved, atol=1e-3)
    _, other_way, _ = run(*inputs(one, other, places * 2, other_places, checkpoint))
    assert np.abs(score - other_way).max() > 0.01
