from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.ensemble.left_out import with_enough_new, with_left_out
from tf_happywhale.retrieval.ensemble.out_of_fold import OutOfFold

NEW = "new_individual"


def queries() -> OutOfFold:
    """A is found first, B third, C is new, and D is not among the candidates."""
    ids = np.array([["A", "B", "C"], ["A", "D", "B"], ["A", "B", "D"], ["A", "B", "C"]])
    score = np.array([[0.9, 0.5, 0.2], [0.8, 0.7, 0.6], [0.4, 0.3, 0.2], [0.6, 0.5, 0.4]])
    truth = np.array(["A", "B", NEW, "D"])
    return OutOfFold(ids, 2 * score, score, truth, np.array(["A", "B", "C", "D"]))


def test_known_individuals_are_asked_again_without_their_own_images() -> None:
    found = with_left_out(queries())
    assert found.truth.tolist() == ["A", "B", NEW, "D", NEW, NEW, NEW]
    assert found.individual_ids.tolist() == ["A", "B", "C", "D", "A", "B", "D"]
    assert found.ids[:4].tolist() == [["A", "B"], ["A", "D"], ["A", "B"], ["A", "B"]]
    assert found.ids[4:].tolist() == [["B", "C"], ["A", "D"], ["A", "B"]]
    np.testing.assert_allclose(found.score[4:], [[0.5, 0.2], [0.8, 0.7], [0.6, 0.5]])
    np.testing.assert_allclose(found.standard, 2 * found.score)


def test_enough_new_individuals_teach_alone() -> None:
    whole = queries()
    assert with_enough_new(whole, 1) is whole
    assert len(with_enough_new(whole, 2)) == 7


def test_new_ones_alone_and_no_query_stay_as_they_are() -> None:
    whole = queries()
    new = with_left_out(whole.take(whole.is_new))
    assert (len(new), new.ids.shape) == (1, (1, 2))
    assert len(with_left_out(whole.take(np.zeros(4, bool)))) == 0


def test_where_nobody_else_was_compared_no_candidate_is_left() -> None:
    whole = queries()
    found = with_left_out(whole.take(np.array([0])))
    alone = OutOfFold(
        np.array([["A", "", ""]]),
        *(np.array([[0.9, -np.inf, -np.inf]]),) * 2,
        *(np.array(["A"]),) * 2,
    )
    assert found.ids[1].tolist() == ["B", "C"]
    left = with_left_out(alone)
    assert left.ids[1].tolist() == ["", ""] and np.isneginf(left.score[1]).all()
