from __future__ import annotations

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.retrieval.search import encounters
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.encounters import rank_encounters

IDS = ["A", "B", "A", "C"]
GALLERY = embed([0, 40, 90, 200], list("abcd"), IDS).embedding


def rank(degrees: list[float], groups: list[str], k: int = 3, gallery=GALLERY, ids=IDS):
    queries = embed(degrees, [str(n) for n in range(len(degrees))], [""] * len(degrees)).embedding

    def search(asked: np.ndarray):
        return rank_individuals(asked, gallery, ids, k)

    return rank_encounters(queries, gallery, ids, groups, k, search)


def test_alone_they_rank_as_ever() -> None:
    found = rank([30, 10], ["", "x"])
    assert found.individual_id[:, 0].tolist() == ["B", "A"]
    assert found.score[0, 0] == pytest.approx(np.cos(np.radians(10)))


def test_an_encounter_shares_the_mean_of_each_photographs_best() -> None:
    """Alone, 25 degrees is B's; the animal's other side, at 88, is A's second picture."""
    found = rank([25, 88, 199], ["x", "x", ""])
    assert found.individual_id[0].tolist() == found.individual_id[1].tolist() == ["A", "B", "C"]
    both = (np.cos(np.radians(25)) + np.cos(np.radians(2))) / 2
    np.testing.assert_allclose(found.score[:2, 0], [both, both], rtol=1e-6)
    assert found.reference[:2, 0].tolist() == [0, 2]  # each photograph's own nearest of A
    assert found.individual_id[2, 0] == "C"


@pytest.mark.parametrize("best_of", [1, 3])
@pytest.mark.parametrize("rows", [1, 2, 8192])
def test_it_is_brute_force_whatever_the_tiles(rows: int, best_of: int, monkeypatch) -> None:
    monkeypatch.setattr(encounters, "ROWS", rows)
    monkeypatch.setattr(encounters, "QUERIES", 3)
    rng = np.random.default_rng(0)
    gallery, queries = rng.normal(size=(30, 8)), rng.normal(size=(9, 8))
    ids = [f"i{n % 7}" for n in range(30)]
    groups = ["x", "y", "x", "z", "y", "y", "", "z", "x"]
    found = rank_encounters(
        queries.astype(np.float32), gallery.astype(np.float32), ids, groups, 4,
        lambda asked: rank_individuals(asked, gallery.astype(np.float32), ids, 4, best_of=best_of),
        best_of,
    )  # fmt: skip
    unit = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (queries, gallery)]
    cosine = unit[0] @ unit[1].T
    for group in "xyz":
        mine = [n for n, name in enumerate(groups) if name == group]
        score = {
            who: np.mean(
                [sorted(cosine[q, n] for n in range(30) if ids[n] == who)[-best_of:] for q in mine]
            )
            for who in set(ids)
        }
        best = sorted(score, key=lambda who: (-score[who], who))[:4]
        for query in mine:
            assert found.individual_id[query].tolist() == best
            np.testing.assert_allclose(found.score[query], [score[w] for w in best], rtol=1e-5)
            for who, place in zip(best, found.reference[query], strict=True):
                assert ids[place] == who
                own = [cosine[query, n] for n in range(30) if ids[n] == who]
                assert cosine[query, place] == pytest.approx(max(own))


def test_one_reference_image_in_all_fills_one_place() -> None:
    found = rank([0, 20], ["x", "x"], gallery=GALLERY[:1], ids=["A"])
    assert found.individual_id.tolist() == [["A", "", ""], ["A", "", ""]]
    assert found.reference[:, 1].tolist() == [-1, -1]
    assert np.isneginf(found.score[:, 1:]).all()
