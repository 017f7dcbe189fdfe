"""A gallery's pairs and the pairs that are matched, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion import gallery_pairs as module
from tf_happywhale.retrieval.fusion import planned_pairs
from tf_happywhale.retrieval.fusion.cohorts import Cohort
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.evidence import Usual
from tf_happywhale.retrieval.fusion.gallery_pairs import gallery_pairs
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs, photograph_pairs

WHO = list("aabbbcad")
DAYS = ["d1", "d2", "d1", "d1", "d3", "", "d1", "d2"]
USUAL = Usual(*(Cohort(np.zeros((8, f)), np.ones((8, f))) for f in (1, 2)))  # all as they are
SIDES = ["left", "right", "", "left", "right", "left", "", "right"]


def images(count: int = 8, seed: int = 0, **columns: list[str]) -> Embeddings:
    random = np.random.default_rng(seed)
    return Embeddings(
        random.normal(size=(count, 5)).astype(np.float32),
        np.array([f"{seed}-{n}.jpg" for n in range(count)]),
        np.array(WHO[:count]),
        columns={name: np.array(column[:count]) for name, column in columns.items()},
    )


def cosine(one: Embeddings, other: Embeddings) -> np.ndarray:
    a, b = (
        part.embedding / np.linalg.norm(part.embedding, axis=1)[:, None] for part in (one, other)
    )
    return a @ b.T


def taken_together(a: int, b: int) -> bool:
    return a == b or (DAYS[a] == DAYS[b] != "")


@pytest.mark.parametrize("rows", [range(8), [1, 4, 6]])
def test_each_pair_that_was_not_taken_together_comes_once(rows) -> None:
    gallery = images(date=DAYS)
    matched = np.array([[1, 0], [1, 4], [4, 1], [6, 4], [4, 7]])
    if len(rows) == 3:
        matched = matched[matched[:, 0] != 7]
    features = np.arange(15, dtype=np.float32).reshape(5, 3)
    features[2] = features[1]  # the same pair, asked from its other end
    found = gallery_pairs(gallery, np.array(rows), compared(8, matched, features), USUAL)
    expected = {}
    for a in rows:
        for b in range(8):
            if not taken_together(a, b):
                expected[frozenset((a, b))] = None
    for pair, its in zip(matched.tolist(), features, strict=True):
        if frozenset(pair) in expected:
            expected[frozenset(pair)] = its
    number = {who: n for n, who in enumerate(sorted(set(WHO)))}
    similar = cosine(gallery, gallery)
    mine = sorted(
        (round(float(similar[a, b]), 5), *sorted((number[WHO[a]], number[WHO[b]])),
         -1 if its is None else np.sqrt(its[1]))
        for (a, b), its in ((tuple(pair), its) for pair, its in expected.items())
    )  # fmt: skip
    theirs = sorted(
        (round(float(c), 5), *sorted((int(f), int(s))), -1 if np.isnan(its[1]) else its[1])
        for c, f, s, its in zip(
            found.inputs[:, 0], found.first, found.second, found.inputs, strict=True
        )
    )
    assert np.allclose(np.array(mine), np.array(theirs), atol=2e-5)


def test_no_more_pairs_than_are_wanted(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 20)  # two images' pairs
    nothing = compared(8, np.zeros((0, 2), np.int64), np.zeros((0, 3), np.float32))
    found = gallery_pairs(images(), np.arange(8), nothing, USUAL)
    assert len(found.inputs) == 13 and np.isnan(found.inputs[:, 1:]).all()


@pytest.mark.parametrize("cells", [1, 2**24])
def test_photographs_are_matched_with_the_nearest_of_a_possible_side(cells, monkeypatch) -> None:
    monkeypatch.setattr(planned_pairs, "CELLS", cells)
    queries, gallery = images(3, 1, viewpoint=["left", "", "right"]), images(viewpoint=SIDES)
    similar = cosine(queries, gallery)
    pairs = photograph_pairs(queries, gallery, 4)
    for query, side in enumerate(["left", "", "right"]):
        possible = [n for n in range(8) if not side or SIDES[n] in ("", side)]
        first = sorted(possible, key=lambda n: -similar[query, n])[:4]
        assert pairs[pairs[:, 0] == query, 1].tolist() == sorted(first)
    assert len(photograph_pairs(queries, gallery, 8)) == 24


def test_photographs_of_an_encounter_are_matched_with_the_same_images() -> None:
    queries, gallery = images(4, 1, encounter=["x", "", "x", "y"]), images()
    similar = cosine(queries, gallery)
    pairs = photograph_pairs(queries, gallery, 3)
    chosen = [pairs[pairs[:, 0] == query, 1].tolist() for query in range(4)]
    assert chosen[0] == chosen[2]
    assert chosen[0] == sorted(np.argsort(-np.maximum(similar[0], similar[2]))[:3].tolist())
    for query in (1, 3):
        assert chosen[query] == sorted(np.argsort(-similar[query])[:3].tolist())


@pytest.mark.parametrize("cells", [1, 2**24])
def test_own_questions_lose_what_was_taken_with_them(cells, monkeypatch) -> None:
    monkeypatch.setattr(planned_pairs, "CELLS", cells)
    gallery = images(date=DAYS)
    rows, pairs, kept = own_pairs(gallery, MatchPlan(8, 8))
    assert rows.tolist() == list(range(8)) and kept == 1
    expected = [[a, b] for a in range(8) for b in range(8) if not taken_together(a, b)]
    assert pairs.tolist() == expected
    rows, pairs, kept = own_pairs(gallery, MatchPlan(1, 8))
    similar = cosine(gallery, gallery)
    right, asked = 0, 0
    for a in range(8):
        others = [b for b in range(8) if not taken_together(a, b)]
        nearest = max(others, key=lambda b: similar[a, b])
        assert pairs[pairs[:, 0] == a, 1].tolist() == [nearest]
        if any(WHO[b] == WHO[a] for b in others):
            asked += 1
            right += WHO[nearest] == WHO[a]
    assert kept == pytest.approx(right / asked)


def test_a_part_of_the_questions_is_drawn_always_the_same() -> None:
    gallery, honest = images(date=DAYS), np.arange(8) != 3
    rows = own_pairs(gallery, MatchPlan(2, 4), honest)[0]
    assert len(rows) == 4 and 3 not in rows and (np.diff(rows) > 0).all()
    assert np.array_equal(rows, own_pairs(gallery, MatchPlan(2, 4), honest)[0])
