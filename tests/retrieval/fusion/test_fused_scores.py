"""Fused scores of a small gallery, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.fusion.calibration import Calibration, Weights
from tf_happywhale.retrieval.fusion.cohorts import Cohort
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.evidence import (
    Usual,
    inputs_of,
    own_usual,
    usual_of_questions,
)
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.search.joined_rows import stack


def calibration(intercept: float = -2.0) -> Calibration:
    return Calibration(Weights(np.array([0.5, 1.0, 0.5]), intercept), Weights(np.ones(1), -1.0))


def usual(count: int, seed: int) -> Usual:
    random = np.random.default_rng(seed)
    return Usual(
        *(
            Cohort(random.normal(size=(count, f)), random.uniform(0.5, 2, (count, f)))
            for f in (1, 2)
        )
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
        usual(4, 1),
        usual(7, 2),
        [calibration(), calibration(1.0)],
        np.array([0, 1, 1, 0]),
    )


def test_a_matched_pair_has_its_probability_and_the_others_stand_behind(fused) -> None:
    scores = fused(np.arange(4))
    assert scores.shape == (4, 7) and scores.dtype == np.float32
    assert (scores >= 0).all() and (scores <= 1).all()
    cosine = fused.questions.tile(slice(None)) @ fused.gallery.tile(slice(None)).T
    pairs = list(zip(fused.compared.question, fused.compared.image, strict=True))
    for question in range(4):
        own = fused.calibrations[fused.which[question]]
        alone = [
            inputs_of(cosine[question, [image]], np.zeros((1, 3)), fused.asked.of([question]),
                      fused.known.of([image]))[0, :1]
            for image in range(7)
        ]  # fmt: skip
        matched = [image for n, image in pairs if n == question]
        for image in matched:
            features = fused.compared.features[pairs.index((question, image))]
            inputs = inputs_of(
                cosine[question, [image]],
                features[None],
                fused.asked.of([question]),
                fused.known.of([image]),
            )
            assert scores[question, image] == pytest.approx(own.of_matched(inputs)[0], rel=1e-5)
        rest = [image for image in range(7) if image not in matched]
        if matched:
            assert scores[question, rest].max() < scores[question, matched].min()
        expected = [own.of_cosine(alone[image])[0] for image in rest]
        assert np.array_equal(np.argsort(scores[question, rest]), np.argsort(expected))
        if not matched:
            assert scores[question, rest] == pytest.approx(expected, rel=1e-5)


def test_any_rows_give_the_same_scores(fused) -> None:
    whole = fused(np.arange(4))
    for rows in ([3, 0], [2], [1, 1, 3], []):
        assert np.allclose(fused(np.array(rows, np.int64)), whole[rows], atol=1e-6)


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


def test_usual_cosines_leave_out_what_was_taken_together() -> None:
    random = np.random.default_rng(0)
    rows = stack([random.normal(size=(9, 4)).astype(np.float32)])
    together = np.eye(9, dtype=bool)
    together[0, 1] = together[1, 0] = True
    nothing = compared(9, np.zeros((0, 2), np.int64), np.zeros((0, 3), np.float32))
    theirs = usual_of_questions(rows, rows, nothing)
    said = own_usual(rows, nothing, lambda some, those: together[np.ix_(some, those)])
    found = said.or_as(lambda: theirs)
    cosine = rows.tile(slice(None)) @ rows.tile(slice(None)).T
    everyone = cosine[~together]
    for image in range(9):
        own = cosine[image, ~together[image]]
        mean = (own.sum() + 5 * everyone.mean()) / (len(own) + 5)
        assert found.cosine.mean[image, 0] == pytest.approx(mean, abs=1e-6)
    assert theirs.cosine.mean[0, 0] > found.cosine.mean[0, 0]  # itself among the others


def test_a_pair_of_the_gallery_counts_to_both_of_its_images() -> None:
    rows = stack([np.eye(3, dtype=np.float32)])
    own = compared(3, np.array([[0, 1]]), np.array([[5, 16, 4]], np.float32))
    theirs = usual_of_questions(rows, rows, own)
    said = own_usual(rows, own, lambda some, those: np.zeros((len(some), len(those)), bool))
    found = said.or_as(lambda: theirs)
    assert found.counts.mean.tolist() == [[4, 2]] * 3
    assert found.counts.deviation[0, 0] == found.counts.deviation[1, 0]


def test_a_gallery_taken_at_once_is_as_the_photographs_are() -> None:
    rows = stack([np.eye(3, dtype=np.float32)])
    none = compared(3, np.zeros((0, 2), np.int64), np.zeros((0, 3), np.float32))
    theirs = usual(2, 3)
    said = own_usual(rows, none, lambda some, those: np.ones((len(some), len(those)), bool))
    assert said.cosine is None and said.counts is None
    found = said.or_as(lambda: theirs)
    for mine, their in ((found.cosine, theirs.cosine), (found.counts, theirs.counts)):
        assert np.allclose(mine.mean, their.mean.mean(axis=0))
        within, between = (their.deviation**2).mean(axis=0), their.mean.var(axis=0)
        assert np.allclose(mine.deviation**2, within + between) and len(mine.mean) == 3
