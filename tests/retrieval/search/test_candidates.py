from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search import as_it_lies, exact
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.individuals import individuals_of
from tf_happywhale.retrieval.search.joined_rows import Blend, stack


def searching(engine: str, shortlist: str = "auto"):
    def search(queries, gallery, ids, k):
        return rank_individuals(queries, gallery, ids, k, engine=engine, shortlist=shortlist)

    return search


def in_tiles(search):
    """A search that never reads the gallery as it lies."""

    def searched(*arguments):
        with patch.object(as_it_lies, "MOST", 0):
            return search(*arguments)

    return searched


SEARCHES = [
    searching("numpy"),
    in_tiles(searching("numpy")),
    searching("tensorflow", "float32"),
    searching("tensorflow", "bfloat16"),
]


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


def brute(queries, gallery, ids, k):
    """Every individual's best cosine in float64: ids and scores, best first, ties by id."""
    q, g = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, gallery))
    names, cosine = np.unique(ids), np.asarray(q, float) @ np.asarray(g, float).T
    best = np.stack([cosine[:, np.asarray(ids) == name].max(axis=1) for name in names], axis=1)
    order = np.argsort(-np.round(best, 12), axis=1, kind="stable")[:, :k]
    return names[order], np.take_along_axis(best, order, axis=1)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("turned", [False, True])
def test_agrees_with_brute_force_in_any_tile_size(
    monkeypatch: pytest.MonkeyPatch, search, turned: bool
) -> None:
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(40, 8))
    gallery = rng.normal(size=(900, 8))
    if turned:  # every cosine is negative
        queries, gallery = -np.abs(queries), np.abs(gallery)
    ids = [f"{n:05d}" for n in rng.integers(0, 300, 900)]
    expected, score = brute(queries, gallery, ids, 7)
    for rows in (3, 64, 1000):
        monkeypatch.setattr(exact, "QUERY_ROWS", rows)
        monkeypatch.setattr(exact, "GALLERY_ROWS", rows)
        found = search(queries, gallery, ids, 7)
        assert (found.individual_id == expected).all()
        assert (np.asarray(ids)[found.reference] == expected).all()
        np.testing.assert_allclose(found.score, score, atol=1e-6)


def test_a_gallery_larger_than_the_memory_is_taken_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(as_it_lies, "MOST", 0)
    monkeypatch.setattr(exact, "GALLERY_ROWS", 16)
    rng = np.random.default_rng(1)
    queries, gallery = rng.normal(size=(5, 6)), rng.normal(size=(200, 6))
    ids = [f"{n:03d}" for n in rng.integers(0, 90, 200)]
    found = rank_individuals(queries, gallery, ids, 5, memory=40 * 6 * 4)
    assert (found.individual_id == brute(queries, gallery, ids, 5)[0]).all()


@pytest.mark.parametrize("search", SEARCHES)
def test_one_query_one_individual_and_an_image_twice(search) -> None:
    found = search(at(0), at(10)[[0, 0]], ["a", "a"], 2)
    assert found.individual_id.tolist() == [["a", ""]]
    assert found.reference[0, 0] in (0, 1)
    found = search(at(0), at(0, 0), ["b", "a"], 2)  # one photograph under two names
    assert found.individual_id.tolist() == [["a", "b"]]
    assert found.score[0].tolist() == pytest.approx([1, 1])


def test_an_individual_may_hold_nearly_all_images() -> None:
    rng = np.random.default_rng(2)
    gallery = rng.normal(size=(500, 6))
    ids = ["big"] * 494 + ["a", "b", "c", "d", "e", "f"]
    queries = gallery[:3] + 0.01
    for search in SEARCHES:
        assert (
            search(queries, gallery, ids, 5).individual_id == brute(queries, gallery, ids, 5)[0]
        ).all()


def test_the_mean_of_the_best_images_by_hand_and_by_brute_force() -> None:
    # a has the best image, but b's best two are better than a's
    found = rank_individuals(at(0), at(5, 80, 20, 25, 60), ["a", "a", "b", "b", "c"], 3, best_of=2)
    assert found.individual_id.tolist() == [["b", "a", "c"]]
    by_hand = [np.cos(np.radians(pair)).mean() for pair in ([20, 25], [5, 80], [60])]
    assert found.score[0] == pytest.approx(by_hand, abs=1e-6)
    assert found.reference.tolist() == [[2, 0, 4]]
    rng = np.random.default_rng(3)
    queries, gallery = rng.normal(size=(20, 4)), rng.normal(size=(600, 4))
    ids = np.array([f"{n:03d}" for n in rng.integers(0, 150, 600)])
    found = rank_individuals(queries, gallery, ids, 5, best_of=3)
    q, g = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, gallery))
    means = [np.sort(q @ g[ids == i].T, axis=1)[:, -3:].mean(axis=1) for i in np.unique(ids)]
    order = np.argsort(-np.stack(means, axis=1), axis=1)[:, :5]
    assert (found.individual_id == np.unique(ids)[order]).all()


def test_a_blend_is_the_weighted_sum_of_image_and_centre() -> None:
    rng = np.random.default_rng(4)
    queries, gallery, centre = (rng.normal(size=(n, 5)) for n in (9, 60, 20))
    labels = rng.integers(0, 20, 60)
    ids = [f"{n:02d}" for n in labels]
    blend = Blend(stack([gallery]), stack([centre], [labels]), 0.3)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, gallery, centre)]
    score = 0.7 * unit[0] @ unit[1].T + 0.3 * (unit[0] @ unit[2].T)[:, labels]
    names = np.unique(labels)
    best = np.stack([score[:, labels == n].max(axis=1) for n in names], axis=1)
    order = np.argsort(-best, axis=1)[:, :5]
    for shortlist in ("float32", "bfloat16"):
        found = rank_individuals(queries, blend, ids, 5, engine="tensorflow", shortlist=shortlist)
        assert (found.individual_id == [[f"{names[n]:02d}" for n in row] for row in order]).all()
        np.testing.assert_allclose(found.score, np.take_along_axis(best, order, axis=1), atol=1e-6)


@pytest.mark.parametrize("best_of", [1, 3])
@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_an_empty_gallery_knows_nobody(engine: str, best_of: int) -> None:
    found = rank_individuals(
        np.ones((2, 3)), np.zeros((0, 3), np.float32), [], 5, engine=engine, best_of=best_of
    )
    assert (found.individual_id == "").all() and found.individual_id.shape == (2, 5)
    assert np.isneginf(found.score).all() and (found.reference == -1).all()


def test_sides_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="have 4 numbers, but the gallery's 3"):
        rank_individuals(np.ones((2, 4)), np.ones((5, 3)), ["a"] * 5, 5)
    crossed = stack([np.ones((2, 1)), np.ones((2, 2))]), stack([np.ones((2, 2)), np.ones((2, 1))])
    with pytest.raises(InputError, match="have 1 and 2 numbers, but the gallery's 2 and 1"):
        rank_individuals(*crossed, ["a", "b"], 5)
    for named in (4, 6):
        with pytest.raises(InputError, match=f"has 5 images, but {named} are named"):
            rank_individuals(np.ones((2, 3)), np.ones((5, 3)), ["a"] * named, 5)


def test_ids_are_any_text() -> None:
    ids = ["été", "日本", "09913", "NA", "1e10"]
    found = rank_individuals(np.eye(5), np.eye(5), ids, 5)
    assert found.individual_id[:, 0].tolist() == ids
    assert found.individual_id[0, 1:].tolist() == sorted(ids[1:])  # the others are ties


def test_individuals_that_are_sorted_already_are_the_same_individuals() -> None:
    rng = np.random.default_rng(6)
    queries, gallery = rng.normal(size=(4, 3)), rng.normal(size=(60, 3))
    ids = [f"{n:02d}" for n in rng.integers(0, 20, 60)]
    known = individuals_of(ids)
    assert known.names.tolist() == sorted(set(ids)) and known.names[known.labels].tolist() == ids
    for best_of in (1, 2):
        text, sorted_once = (
            rank_individuals(queries, gallery, who, 5, best_of=best_of) for who in (ids, known)
        )
        for name in ("individual_id", "score", "reference"):
            assert (getattr(text, name) == getattr(sorted_once, name)).all()
    with pytest.raises(InputError, match="has 59 images, but 60 are named"):
        rank_individuals(queries, gallery[1:], known, 5)


def test_a_zero_embedding_is_refused() -> None:
    with pytest.raises(InputError, match="row 1 is zero"):
        rank_individuals(at(0), np.array([[1, 0], [0, 0]], np.float32), ["a", "b"], 5)


def test_an_image_of_nobody_is_no_candidate() -> None:
    with pytest.raises(InputError, match="Row 1 of the gallery has an empty individual_id"):
        rank_individuals(at(0), at(10, 20, 30), ["a", "", "b"], 2)
