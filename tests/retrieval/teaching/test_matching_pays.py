from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.teaching import matching_pays as module
from tf_happywhale.retrieval.teaching.matching_pays import ENOUGH, Pays, matching_pays


def gallery(embedding: np.ndarray, ids: list[str]) -> Embeddings:
    images = np.array([f"{n}.jpg" for n in range(len(ids))])
    return Embeddings(embedding.astype(np.float32), images, np.array(ids, np.str_))


def test_both_are_measured_by_the_same_questions() -> None:
    """A's images are alike by their embeddings, and B's by their matches."""
    images = gallery(np.array([[1, 0], [1, 0.1], [0.9, 0.2], [1, -0.2]]), ["A", "A", "B", "B"])
    same = np.array([[1, 0, 0, 0.2], [0, 1, 0, 0.2], [0, 0, 1, 0.9], [0.2, 0.2, 0.9, 1]])
    found = matching_pays(images, lambda rows: same[rows], np.ones(4, bool))
    # by the cosine the right one is second for both of B's images; by matches for A's, of which
    # the second individual is the right one
    assert found.questions == 4
    assert found.alone == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert found.matched == pytest.approx((0.5 + 0.5 + 1 + 1) / 4)


def test_only_images_that_were_matched_are_asked() -> None:
    images = gallery(np.eye(4), ["A", "A", "B", "B"])
    some = np.array([True, False, True, False])
    assert matching_pays(images, lambda rows: np.eye(4)[rows], some).questions == 2


def test_a_gallery_without_an_answer_tells_nothing() -> None:
    images = gallery(np.eye(2), ["A", "B"])
    found = matching_pays(images, lambda rows: np.eye(2)[rows], np.ones(2, bool))
    assert found and found.questions == 0 and np.isnan(found.matched)


@pytest.mark.parametrize(
    ("alone", "matched", "questions", "used"),
    [(0.5, 0.4, ENOUGH, False), (0.5, 0.4, ENOUGH - 1, True), (0.4, 0.4, 99, True)],
)
def test_matching_is_left_out_where_enough_questions_are_answered_worse(
    alone: float, matched: float, questions: int, used: bool
) -> None:
    assert bool(Pays(alone, matched, questions)) == used


def test_a_model_that_knows_the_animals_does_without_unless_a_gain_is_certain() -> None:
    assert Pays(0.5, 0.6, ENOUGH, low=0.01, high=0.2, seen=True)
    assert not Pays(0.5, 0.6, ENOUGH, low=-0.01, high=0.2, seen=True)
    assert not Pays(0.5, 0.6, ENOUGH - 1, low=0.01, high=0.2, seen=True)
    assert Pays(0.5, 0.6, ENOUGH, low=-0.01, high=0.2)


@pytest.mark.parametrize("individuals", [1, 4, 5])
def test_a_gain_of_few_individuals_is_not_certain(individuals: int) -> None:
    """Every image's right answer is second by the cosine, and first by matches."""
    ids = [f"{n}" for n in range(individuals) for _ in range(ENOUGH)] + ["other"]
    images = gallery(np.array([*[[1, 0.1 * n] for n in range(len(ids) - 1)], [1, 0]]), ids)
    same = np.array(ids)[:, None] == np.array(ids)[None]
    asked = np.array(ids) != "other"
    found = matching_pays(images, lambda rows: same[rows].astype(float), asked, seen=True)
    assert found.gain > 0 and bool(found) == (individuals >= 5)
    assert np.isnan(found.low) == (individuals < 5)


def test_the_interval_of_the_gain_draws_whole_individuals(monkeypatch) -> None:
    """Of two individuals one gains a half in all its images. Drawn twice, it is all of the gain;
    drawn never, there is none."""
    images = gallery(np.array([[1, 0], [1, 0.1], [0.9, 0.2], [1, -0.2]]), ["A", "A", "B", "B"])
    same = np.array([[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0.9], [0, 0, 0.9, 1]])
    monkeypatch.setattr(module, "FEWEST", 2)
    found = matching_pays(images, lambda rows: same[rows], np.ones(4, bool), seen=True)
    assert found.gain == pytest.approx(0.25) and found.seen
    assert (found.low, found.high) == pytest.approx((0, 0.5))
