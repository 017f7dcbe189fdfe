"""Fused scores of a small gallery, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.fusion.calibration import Calibration, Spread, Weights
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.search.joined_rows import stack


def calibration(intercept: float = -2.0) -> Calibration:
    return Calibration(
        Spread(0.0, 0.5), Weights(np.array([0.5, 1.0, 0.5]), intercept), Weights(np.ones(1), -1.0)
    )


@pytest.fixture
def fused() -> FusedScores:
    random = np.random.default_rng(4)
    questions, gallery = (random.normal(size=(count, 6)).astype(np.float32) for count in (4, 7))
    pairs = np.array([[2, 5], [0, 1], [0, 6], [3, 0], [3, 2], [0, 3]])
    features = random.integers(0, 30, (6, 3)).astype(np.float32)
    features[4] = np.nan
    return FusedScores(
        stack([questions]),
        stack([gallery]),
        compared(4, pairs, features),
        [calibration(), calibration(1.0)],
        np.array([0, 1, 1, 0]),
    )


def test_a_matched_pair_has_its_probability_and_the_others_stand_behind(fused) -> None:
    scores = fused(np.arange(4))
    assert scores.shape == (4, 7) and scores.dtype == np.float32
    assert (scores >= 0).all() and (scores <= 1).all()
    cosine = fused.questions.tile(slice(None)) @ fused.gallery.tile(slice(None)).T
    found = dict(zip(zip(fused.compared.question, fused.compared.image, strict=True),
                     fused.compared.features, strict=True))  # fmt: skip
    for question in range(4):
        own = fused.calibrations[fused.which[question]]
        matched = [image for n, image in found if n == question]
        for image in matched:
            expected = own.of_matched(
                cosine[question, [image]], found[question, image][None]
            )[0]  # fmt: skip
            assert scores[question, image] == pytest.approx(expected, rel=1e-6)
        rest = [image for image in range(7) if image not in matched]
        if matched:
            assert scores[question, rest].max() < scores[question, matched].min()
        assert np.array_equal(
            np.argsort(scores[question, rest]), np.argsort(cosine[question, rest])
        )
    assert scores[1] == pytest.approx(fused.calibrations[1].of_cosine(cosine[1]), rel=1e-6)


def test_any_rows_give_the_same_scores(fused) -> None:
    whole = fused(np.arange(4))
    for rows in ([3, 0], [2], [1, 1, 3], []):
        assert np.allclose(fused(np.array(rows, np.int64)), whole[rows], atol=1e-7)


def test_pairs_are_kept_by_question_in_any_order() -> None:
    pairs = np.array([[2, 1], [0, 4], [2, 0], [0, 2]])
    found = compared(4, pairs, np.arange(4, dtype=np.float32)[:, None])
    assert found.start.tolist() == [0, 2, 2, 4, 4]
    assert found.image.tolist() == [2, 4, 0, 1]
    assert found.features[:, 0].tolist() == [3, 1, 2, 0]
    assert found.question.tolist() == [0, 0, 2, 2] and len(found) == 4
    block, image, features = found.of(np.array([3, 2, 0]))
    assert block.tolist() == [1, 1, 2, 2] and image.tolist() == [0, 1, 2, 4]
    assert features[:, 0].tolist() == [2, 0, 3, 1]
