"""Against the published PyTorch code, whose numbers `made_by_torch.py` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.matching.drawn import two_views
from tf_happywhale.matching.engines.engine import load_engine
from tf_happywhale.matching.extractor import Extractor
from tf_happywhale.matching.local_points import LocalPoints, no_points
from tf_happywhale.matching.matcher import Matcher, Matches

TORCH = json.loads((Path(__file__).parent / "fixtures/torch.json").read_text(encoding="utf-8"))
LEAST = {"best": 0.0, "above": 0.2}


@pytest.fixture(scope="module")
def found(published_weights) -> dict[str, list[LocalPoints]]:
    return {name: Extractor(256, least)(two_views()) for name, least in LEAST.items()}


@pytest.fixture(scope="module")
def exact(found) -> Matches:
    """What Keras finds in float32."""
    return Matcher(engine=load_engine("keras", "float32"))([found["best"]])[0]


@pytest.fixture(scope="module")
def matcher(published_weights) -> Matcher:
    return Matcher()


@pytest.fixture(scope="module")
def extractor(published_weights) -> Extractor:
    """Of the best 50 points."""
    return Extractor(50, 0)


@pytest.mark.usefixtures("published_weights")
@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("which", [0, 1])
def test_points_are_the_published_ones(name, which, found):
    points, torch = found[name][which], TORCH[name]
    theirs = np.array(torch["points"][which]) / 1e4
    away = np.abs(points.xy[:, None] - theirs[None]).max(2)
    nearest = away.argmin(1)
    assert len(points) == len(theirs)
    assert (away.min(1) < 0.01).all()
    scores = np.array(torch["scores"][which])[nearest] / 1e4
    np.testing.assert_allclose(points.score, scores, atol=1e-3)
    descriptors = np.array(torch["descriptors"][which])[nearest] / 1e4
    np.testing.assert_allclose(points.descriptor[:, :4], descriptors, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(points.descriptor, axis=1), 1, atol=1e-5)


@pytest.mark.usefixtures("published_weights")
def test_matches_are_the_published_ones(found, exact):
    (one, other), matches = found["best"], exact
    theirs = np.array(TORCH["best"]["points"][0]), np.array(TORCH["best"]["points"][1])
    expected = {
        (*theirs[0][first], *theirs[1][second]): score / 1e4
        for (first, second), score in zip(
            TORCH["best"]["matches"], TORCH["best"]["match_scores"], strict=True
        )
    }
    places = np.concatenate([one.xy[matches.first], other.xy[matches.second]], 1) * 1e4
    known = np.array(list(expected))
    away = np.abs(places[:, None] - known[None]).max(2)
    assert len(matches) == len(expected)
    assert (away.min(1) < 100).all()
    scores = np.array(list(expected.values()))[away.argmin(1)]
    np.testing.assert_allclose(matches.score, scores, atol=0.02)


@pytest.mark.usefixtures("published_weights")
@pytest.mark.parametrize("engine", ["keras", "openvino"])
def test_in_bfloat16_nearly_the_same_points_match(engine, found, exact):
    if engine == "openvino":
        pytest.importorskip("openvino")
    expected = {tuple(match) for match in TORCH["best"]["matches"]}
    (fast,) = Matcher(engine=load_engine(engine, "bfloat16"))([found["best"]])
    both = {*zip(exact.first, exact.second, strict=True)} & {
        *zip(fast.first, fast.second, strict=True)
    }
    assert len(both) > 0.9 * len(expected)
    assert abs((fast.score > 0.5).sum() - (exact.score > 0.5).sum()) < 0.1 * len(expected)


@pytest.mark.usefixtures("published_weights")
def test_matches_lie_where_the_views_overlap(found, matcher):
    one, other = found["best"]
    (matches,) = matcher([(one, other)])
    sure = matches.score > 0.5
    moved = one.xy[matches.first[sure]] - other.xy[matches.second[sure]]
    assert np.abs(np.median(moved, 0) - (20, 10)).max() < 0.5
    assert (np.abs(moved - (20, 10)).max(1) < 3).mean() > 0.95


@pytest.mark.usefixtures("published_weights")
def test_a_batch_of_any_pairs_gives_what_each_pair_gives(found, matcher):
    one, other = found["best"]
    pairs = [(one, other), (_best(one, 3), _best(other, 30)), (_best(other, 130), one), (one, one)]
    pairs[2:2] = [(no_points((9, 9)), other), (one, _best(other, 2))]
    together = Matcher()(pairs)
    assert len(together[2]) == len(together[3]) == 0
    for pair, matches in zip(pairs, together, strict=True):
        matcher._begun._known.clear()  # as if it had seen no other picture
        (alone,) = matcher([pair])
        np.testing.assert_array_equal(matches.first, alone.first)
        np.testing.assert_array_equal(matches.second, alone.second)
        np.testing.assert_allclose(matches.score, alone.score, atol=1e-6)


@pytest.mark.usefixtures("published_weights")
@pytest.mark.parametrize("shape", [(1, 1), (4, 300), (5, 5), (6, 40), (33, 8), (700, 20)])
def test_any_picture_has_points_or_none(shape, extractor):
    picture = np.random.RandomState(1).randint(0, 255, (*shape, 3)).astype(np.uint8)
    (points,) = extractor([picture])
    height, width = shape
    assert points.size == (width, height)
    assert points.descriptor.shape == (len(points), 128)
    assert (points.xy >= 0).all()
    assert (points.xy < (width, height)).all()
    if min(shape) < 5:
        assert len(points) == 0


@pytest.mark.usefixtures("published_weights")
def test_a_picture_of_one_colour_is_no_error(matcher):
    flat = np.full((64, 80, 3), 127, np.uint8)
    points = Extractor(50)([flat, flat])
    assert len(matcher([(points[0], points[1])])) == 1


def _best(points: LocalPoints, count: int) -> LocalPoints:
    return LocalPoints(
        points.xy[:count], points.descriptor[:count], points.score[:count], points.size
    )
