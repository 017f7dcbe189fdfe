from __future__ import annotations

import numpy as np
import pytest

from tests.matching.random_weights import LAYERS, lightglue
from tf_happywhale.matching.engines.keras_engine import KerasEngine
from tf_happywhale.matching.local_points import LocalPoints, no_points
from tf_happywhale.matching.matcher import HOPE, Matcher


def points(count: int, seed: int = 0) -> LocalPoints:
    random = np.random.RandomState(seed)
    descriptor = random.randn(count, 128).astype(np.float32)
    descriptor /= np.linalg.norm(descriptor, axis=1, keepdims=True)
    xy = random.uniform(0, 100, (count, 2)).astype(np.float32)
    return LocalPoints(xy, descriptor, np.linspace(1, 0.5, count, dtype=np.float32), (100, 80))


def matching_weights() -> dict[str, np.ndarray]:
    """Random weights that find matches: what is compared is the descriptor itself."""
    weights = lightglue()
    for name, array in weights.items():
        if name.endswith((".ffn.3.weight", ".ffn.3.bias")):  # so the layers change nothing
            array[:] = 0
        if name.endswith("final_proj.weight"):
            array[:] = 9 * np.eye(len(array))
        if name.endswith("matchability.bias"):
            array[:] = 9
    return weights


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(matching_weights(), KerasEngine("float32"))


def test_equal_points_match_in_any_order(matcher):
    one = points(40)
    order = np.random.RandomState(1).permutation(40)
    other = LocalPoints(one.xy[order], one.descriptor[order], one.score, one.size)
    (found,) = matcher([(one, other)])
    assert len(found) > 25  # not all: a longer vector may be nearer than the same one
    np.testing.assert_array_equal(order[found.second], found.first)
    assert found.first.dtype == found.second.dtype == np.int32
    assert found.score.dtype == np.float32
    assert ((found.score > 0.1) & (found.score <= 1)).all()


@pytest.mark.parametrize("count", [19, 63, 65, 127, 129])
def test_of_an_odd_number_of_points_the_best_ones_are_matched(matcher, count):
    one = points(count)
    (found,) = matcher([(one, one)])
    np.testing.assert_array_equal(found.first, found.second)
    assert 0 < len(found) <= count - count % 8


def test_without_three_points_there_are_no_matches(matcher):
    few = [no_points((5, 5)), points(1), points(2)]
    pairs = [(each, points(9)) for each in few] + [(points(9), each) for each in few]
    assert [len(found) for found in matcher(pairs)] == [0] * 6
    assert matcher([]) == []


def test_a_picture_that_comes_again_is_begun_once(matcher):
    one, others = points(24, 5), [points(24, seed) for seed in (6, 7, 8)]
    before = len(matcher._begun._known)
    matcher([(one, other) for other in others])
    matcher([(other, one) for other in others])
    assert len(matcher._begun._known) - before == 4


class Counting:
    """An engine that counts how often each function was called, in the order of compilation."""

    name, precision = "keras", "float32"

    def __init__(self) -> None:
        self.calls: list[int] = []

    def compiled(self, *args, **kwargs):
        inner, number = KerasEngine("float32").compiled(*args, **kwargs), len(self.calls)
        self.calls.append(0)

        def call(*arrays):
            self.calls[number] += 1
            return inner(*arrays)

        return call


def test_pictures_without_likely_matches_are_done_after_the_first_layers():
    engine = Counting()
    matcher = Matcher(matching_weights(), engine)
    _, first, _, last, _ = range(5)  # begin, and twice: layers, and what assigns after them
    one, other = points(40), points(40, 1)
    (found,) = matcher([(one, other)])
    assert found.score.sum() < HOPE
    assert (engine.calls[first], engine.calls[last]) == (1, 0)
    (found,) = matcher([(one, one)])
    assert found.score.sum() > HOPE
    assert (engine.calls[first], engine.calls[last]) == (2, 1)


def test_a_matcher_that_never_stops_finds_the_same_where_pictures_match():
    one = points(40)
    stops, never = (
        Matcher(matching_weights(), KerasEngine("float32"), stops=stops) for stops in (True, False)
    )
    found, expected = (matcher([(one, one)])[0] for matcher in (stops, never))
    np.testing.assert_array_equal(found.second, expected.second)
    np.testing.assert_allclose(found.score, expected.score, rtol=1e-5)
    assert stops.about != never.about


def test_likely_pictures_go_through_every_layer_in_turn():
    weights = matching_weights()
    for name, array in weights.items():  # a last layer that matches nothing
        if name.startswith(f"log_assignment.{LAYERS - 1}.") and name.endswith("matchability.bias"):
            array[:] = -99
    one = points(40)
    (found,) = Matcher(weights, KerasEngine("float32"))([(one, one)])
    assert len(found) == 0


def test_about_tells_other_weights(matcher):
    assert matcher.about["matcher_weights"] == "other"
