"""Candidates by scores of images, against a plain loop and against the search by cosine."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.search import scored
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.encounters import rank_encounters
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.search.same_side import Sides
from tf_happywhale.retrieval.search.scored import rank_scored

IDS = ["b", "a", "b", "c", "a", "d", "b"]
ENCOUNTERS = ["", "x", "y", "x", "", "y", "x"]


def scores(count: int = 7, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, len(IDS))).astype(np.float32)


@pytest.mark.parametrize("best_of", [1, 2])
@pytest.mark.parametrize("cells", [1, 2**24])
def test_an_encounter_has_the_mean_of_its_photographs(best_of, cells, monkeypatch) -> None:
    monkeypatch.setattr(scored, "CELLS", cells)
    score = scores()
    found = rank_scored(lambda rows: score[rows], IDS, ENCOUNTERS, 3, best_of)
    for row, encounter in enumerate(ENCOUNTERS):
        rows = [n for n, name in enumerate(ENCOUNTERS) if encounter and name == encounter] or [row]
        means = {}
        for who in set(IDS):
            columns = [n for n, owner in enumerate(IDS) if owner == who]
            own = [np.mean(sorted(score[n, columns])[-best_of:]) for n in rows]
            means[who] = np.mean(own)
        expected = sorted(means, key=means.get, reverse=True)[:3]
        assert found.individual_id[row].tolist() == expected
        assert found.score[row] == pytest.approx([means[who] for who in expected], rel=1e-5)
        for who, reference in zip(expected, found.reference[row].tolist(), strict=True):
            assert IDS[reference] == who
            assert score[row, reference] == max(
                score[row, n] for n in range(7) if IDS[n] == who
            )  # fmt: skip


@pytest.mark.parametrize("best_of", [1, 2])
def test_cosines_as_scores_give_what_the_search_gives(best_of) -> None:
    random = np.random.default_rng(1)
    queries, gallery = (random.normal(size=(7, 5)).astype(np.float32) for _ in range(2))
    cosine = stack([queries]).tile(slice(None)) @ stack([gallery]).tile(slice(None)).T

    def search(rows: np.ndarray):
        return rank_individuals(rows, gallery, IDS, 6, best_of=best_of)

    expected = rank_encounters(queries, gallery, IDS, ENCOUNTERS, 6, search, best_of)
    found = rank_scored(lambda rows: cosine[rows], IDS, ENCOUNTERS, 6, best_of)
    assert np.array_equal(found.individual_id, expected.individual_id)
    assert np.array_equal(found.reference, expected.reference)
    assert np.allclose(found.score[:, :4], expected.score[:, :4], atol=1e-5)
    assert np.isinf(found.score[:, 4:]).all()


def test_tiny_scores_are_told_apart_and_equal_ones_are_by_individual() -> None:
    score = np.array([[3e-9, 1e-9, 0, 2e-9, 0, 0, 0], [0.5] * 7], np.float32)
    found = rank_scored(lambda rows: score[rows], IDS, ["", ""], 4)
    assert found.individual_id.tolist() == [["b", "c", "a", "d"], ["a", "b", "c", "d"]]
    assert found.reference[1].tolist() == [1, 0, 3, 5]


def test_no_queries_have_no_candidates() -> None:
    found = rank_scored(lambda rows: scores()[rows], IDS, [], 5)
    assert found.individual_id.shape == (0, 5)


GALLERY_SIDES = ["left", "right", "", "right", "left", "right", "right"]
QUERY_SIDES = ["left", "right", "left", "left", "", "right", "left"]


@pytest.mark.parametrize("best_of", [1, 2])
@pytest.mark.parametrize("cells", [1, 2**24])
def test_individuals_known_from_the_same_side_come_first(best_of, cells, monkeypatch) -> None:
    """Against a plain loop: an encounter's individuals come first if one photograph's side fits."""
    monkeypatch.setattr(scored, "CELLS", cells)
    score, number = scores(seed=3), {"": 0, "left": 1, "right": 2}
    sides = Sides(*(np.array([number[x] for x in part]) for part in (QUERY_SIDES, GALLERY_SIDES)))
    found = rank_scored(lambda rows: score[rows], IDS, ENCOUNTERS, 4, best_of, sides)

    def near(row: int, who: str) -> list[int]:
        return [
            n
            for n in range(7)
            if IDS[n] == who and {QUERY_SIDES[row], GALLERY_SIDES[n]} != {"left", "right"}
        ]

    for row, encounter in enumerate(ENCOUNTERS):
        rows = [n for n, name in enumerate(ENCOUNTERS) if encounter and name == encounter] or [row]
        ranked = []
        for who in sorted(set(IDS)):
            own = [np.mean(sorted(score[n, _images(who)])[-best_of:]) for n in rows]
            ranked.append((not any(near(n, who) for n in rows), -np.mean(own), who))
        expected = sorted(ranked)
        assert found.individual_id[row].tolist() == [who for *_, who in expected]
        assert found.score[row] == pytest.approx([-mean for _, mean, _ in expected], rel=1e-5)
        for who, reference in zip(found.individual_id[row], found.reference[row], strict=True):
            allowed = near(row, who) or _images(who)
            assert reference == max(allowed, key=lambda n: score[row, n])


def _images(who: str) -> list[int]:
    return [n for n in range(7) if IDS[n] == who]
