from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval import candidates
from tf_happywhale.retrieval.candidates import rank_individuals, rank_individuals_sklearn

SEARCHES = [rank_individuals, rank_individuals_sklearn]


def at(*degrees: float) -> np.ndarray:
    """Vectors [n, 2] of various lengths at these angles, so that cosines are known by hand."""
    angles = np.radians(degrees)
    lengths = 1 + np.arange(len(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32) * lengths[:, None]


@pytest.mark.parametrize("search", SEARCHES)
def test_an_individual_scores_by_its_best_image(search) -> None:
    # b's second image is nearest, although a has the nearest mean
    found = search(at(0), at(30, 30, 80, 10, 60), ["a", "a", "b", "b", "c"], 3)
    assert found.individual_id.tolist() == [["b", "a", "c"]]
    assert found.score[0] == pytest.approx(np.cos(np.radians([10, 30, 60])), abs=1e-6)
    assert found.reference[0, 0] == 3
    assert found.reference[0, 1] in (0, 1)
    assert found.reference[0, 2] == 4


@pytest.mark.parametrize("search", SEARCHES)
def test_equal_scores_are_ordered_by_individual_id(search) -> None:
    found = search(at(0), at(20)[[0, 0, 0, 0]], ["d", "10", "9", "a"], 3)
    assert found.individual_id.tolist() == [["10", "9", "a"]]


@pytest.mark.parametrize("search", SEARCHES)
def test_fewer_individuals_than_asked_leave_empty_places(search) -> None:
    found = search(at(0, 90), at(0, 45), ["a", "a"], 5)
    assert found.individual_id.tolist() == [["a", "", "", "", ""]] * 2
    assert np.isneginf(found.score[:, 1:]).all()
    assert (found.reference[:, 1:] == -1).all()


def test_no_query_gives_no_row() -> None:
    found = rank_individuals(np.zeros((0, 2), np.float32), at(0), ["a"], 5)
    assert found.individual_id.shape == (0, 5)


def test_agrees_with_scikit_learn_in_any_tile_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(40, 8)).astype(np.float32)
    gallery = rng.normal(size=(90, 8)).astype(np.float32)
    ids = [f"{n:05d}" for n in rng.integers(0, 30, 90)]
    expected = rank_individuals_sklearn(queries, gallery, ids, 7)
    for rows in (1, 7, 1000):
        monkeypatch.setattr(candidates, "TILE_BYTES", rows * 4 * 90)
        found = rank_individuals(queries, gallery, ids, 7)
        assert (found.individual_id == expected.individual_id).all()
        assert (found.reference == expected.reference).all()
        np.testing.assert_allclose(found.score, expected.score, atol=1e-5)


def test_a_zero_embedding_is_refused() -> None:
    with pytest.raises(InputError, match="row 1 is zero"):
        rank_individuals(at(0), np.array([[1, 0], [0, 0]], np.float32), ["a", "b"], 5)
