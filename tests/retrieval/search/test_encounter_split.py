from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.retrieval.conftest import embed
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.encounter_split import (
    judge_together,
    several_animals,
    together_of,
)

GALLERY = embed([0, 60, 120], list("abc"), ["A", "B", "C"])


def trip(degrees: list[float], encounters: list[str], images: list[str] | None = None):
    names = images or [f"{n}.jpg" for n in range(len(degrees))]
    queries = embed(degrees, names, [""] * len(names))
    return replace(queries, columns={"encounter": np.array(encounters)})


def search(asked: np.ndarray):
    return rank_individuals(asked, GALLERY.embedding, GALLERY.individual_id.tolist(), 3)


def by_lead(score: np.ndarray) -> np.ndarray:
    """Certain where the best is nearer than 10 degrees."""
    return np.where(score[:, 0] > np.cos(np.radians(10)), 0.9, 0.5)


def judge(queries: Embeddings, p_right=by_lead) -> tuple[list[str], dict[str, str]]:
    judged, apart = judge_together(queries, lambda rows: search(queries.embedding[rows]), p_right)
    assert together_of(judged) == judged.column("together").tolist()
    return together_of(judged), apart


def test_photographs_that_are_certain_of_different_animals_are_judged_alone() -> None:
    """Of x the first two are certain and differ; of y the second is not certain."""
    queries = trip([1, 61, 30, 2, 75, 3], ["x", "x", "x", "y", "y", ""])
    together, apart = judge(queries)
    assert together == ["", "", "", "y", "y", ""]
    assert list(apart) == ["0.jpg", "1.jpg", "2.jpg"]
    assert set(apart.values()) == {
        "The photographs of the encounter x point to different animals: 0.jpg to A, 1.jpg to B. So "
        "each is ranked by itself."
    }
    assert queries.column("encounter").tolist()[:3] == ["x"] * 3


def test_photographs_that_agree_or_are_not_certain_stay_together() -> None:
    for degrees in ([1, 2, 3], [1, 30, 35], [20, 40, 80]):
        together, apart = judge(trip(degrees, ["x"] * 3))
        assert together == ["x"] * 3 and not apart
    together, apart = judge(trip([1, 61], ["x", "x"]), lambda score: np.full(len(score), np.nan))
    assert together == ["x", "x"] and not apart


def test_many_animals_are_named_up_to_three() -> None:
    gallery = embed(range(0, 360, 60), list("abcdef"), list("ABCDEF"))

    def search(asked: np.ndarray):
        return rank_individuals(asked, gallery.embedding, gallery.individual_id.tolist(), 3)

    queries = trip([0, 60, 120, 180], ["x"] * 4)
    found = judge_together(queries, lambda rows: search(queries.embedding[rows]), by_lead)
    sentence = found[1]["3.jpg"]
    assert ": 0.jpg to A, 1.jpg to B, 2.jpg to C, and more." in sentence


def test_animals_of_one_photograph_are_judged_alone_anyway() -> None:
    queries = trip([1, 61, 30], ["x"] * 3, ["a.jpg", "a.jpg#2", "b.jpg"])
    assert together_of(queries) == ["", "", "x"] and several_animals(queries) == 2
    assert judge(queries) == (["", "", "x"], {})


def test_without_encounters_nobody_is_asked() -> None:
    judged, apart = judge_together(trip([1, 61], ["", "x"]), lambda _: 1 / 0, by_lead)
    assert together_of(judged) == ["", "x"] and not apart
