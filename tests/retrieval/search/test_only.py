from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Experiment
from tf_happywhale.inference.gallery.gallery_candidates import Asked
from tf_happywhale.inference.identify.ranked_animals import rank_animals
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs, photograph_pairs
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.search.only import only_of
from tf_happywhale.retrieval.teaching.filter_worth import (
    filter_worth,
    worth_of_filters,
    worth_sentence,
)

SIDES = ["left", "right flank", "", "left", "right"]
IDS = ["A", "A", "B", "C", "D"]
TAUGHT = Learned((1.0,), {"first_or_second": 0.5}, weights=(-1.0,), queries=9, queries_new=4)


def images(degrees: list[float], ids: list[str], **columns: list[str]) -> Embeddings:
    found = embed(degrees, [f"{n}-{len(ids)}.jpg" for n in range(len(ids))], ids, {"model": "m"})
    return replace(found, columns={name: np.array(cells) for name, cells in columns.items()})


GALLERY = images([0, 10, 20, 30, 40], IDS, viewpoint=SIDES, place=["x", "x", "y", "X ", ""])


def asked(degrees: list[float], **columns: list[str]) -> Embeddings:
    return images(degrees, [""] * len(degrees), **columns)


def out(queries: Embeddings, *columns: str) -> list[list[int]]:
    only = only_of(queries, GALLERY, columns)
    return [np.flatnonzero(row).tolist() for row in only.out(np.arange(len(queries)))]


def ranked(queries: Embeddings, *columns: str, scores=None) -> list[list[str]]:
    only = only_of(queries, GALLERY, columns)
    found = rank_animals(Asked(queries, GALLERY, Experiment().rank, "ignore", scores, only), TAUGHT)
    return found[1].candidates.individual_id[:, :5].tolist()


def test_only_what_is_known_and_different_is_left_out() -> None:
    queries = asked([0, 0, 0], viewpoint=["left dorsal fin", "right", ""], place=["X", "", "z"])
    assert out(queries, "viewpoint") == [[1, 4], [0, 3], []]
    assert out(queries, "place") == [[2], [], [0, 1, 2, 3]]
    assert out(queries, "viewpoint", "place") == [[1, 2, 4], [0, 3], [0, 1, 2, 3]]
    assert out(queries, "species") == [[], [], []]
    assert only_of(queries, GALLERY, []) is None


def test_species_are_compared_as_people_write_them() -> None:
    gallery = replace(GALLERY, columns={"species": np.array(["harbour_seal"] * 4 + ["orca"])})
    only = only_of(asked([0], species=["Harbour  seal"]), gallery, ["species"])
    assert only.out(np.array([0])).tolist() == [[False] * 4 + [True]]


def test_what_is_left_out_is_said() -> None:
    queries = asked([0, 0, 0], viewpoint=["left", "right", ""])
    only = only_of(queries, GALLERY, ["viewpoint"])
    assert only.words() == ["left only: 3 of 5 images", "right only: 3 of 5 images", ""]
    (said,) = only.sentences()
    shown = "3 of 5 images and 3 of 4 individuals"
    assert said == (
        f"Compared with their own viewpoint only (identify.only). 1 animal: left only: {shown}; "
        f"1 animal: right only: {shown}; "
        "1 animal: all images, since their own value is not known or nothing has another one."
    )
    nothing = only_of(asked([0], viewpoint=[""]), GALLERY, ["viewpoint"])
    assert nothing.sentences()[0].startswith("identify.only=viewpoint leaves out nothing")


@pytest.mark.parametrize("given", [False, True])
def test_candidates_are_the_individuals_with_an_image_that_counts(given: bool) -> None:
    queries = asked([0, 40, 41], viewpoint=["right", "left", ""])
    rows = queries.embedding @ GALLERY.embedding.T
    scores = (lambda some: rows[some]) if given else None
    assert ranked(queries, "viewpoint", scores=scores) == [
        ["A", "B", "D", "", ""],
        ["C", "B", "A", "", ""],
        ["D", "C", "B", "A", ""],
    ]
    assert ranked(queries, scores=scores)[0] == ["A", "B", "C", "D", ""]


def test_where_no_image_counts_the_animal_is_new() -> None:
    queries = asked([0], place=["z"])
    gallery = replace(GALLERY, columns={"place": np.array(["x"] * 5)})
    only = only_of(queries, gallery, ["place"])
    asked_for = Asked(queries, gallery, Experiment().rank, "ignore", None, only)
    ranking = rank_animals(asked_for, TAUGHT)[1]
    assert ranking.with_new(0) == [NEW_INDIVIDUAL]
    table = ranking.table(5)
    assert table["individual_id"].tolist() == [NEW_INDIVIDUAL]


def test_an_encounter_of_both_sides_keeps_whom_one_of_its_photographs_may_show() -> None:
    queries = asked([0, 40], viewpoint=["left", "right"], encounter=["e", "e"])
    assert [sorted(filter(None, row)) for row in ranked(queries, "viewpoint")] == [list("ABCD")] * 2


def test_only_pairs_that_count_are_matched() -> None:
    queries = asked([0, 40], viewpoint=["left", "right"], encounter=["e", "e"])
    only = only_of(queries, GALLERY, ["viewpoint"])
    pairs = photograph_pairs(queries, GALLERY, 5, only).tolist()
    assert pairs == [[0, 0], [0, 2], [0, 3], [1, 1], [1, 2], [1, 4]]
    own = only_of(GALLERY, GALLERY, ["viewpoint"])
    _, pairs, _ = own_pairs(GALLERY, MatchPlan(5, 5), None, own)
    assert not own.out(pairs[:, 0])[np.arange(len(pairs)), pairs[:, 1]].any()
    assert {tuple(pair) for pair in pairs.tolist()} >= {(0, 3), (2, 4)}


def test_a_filter_is_worth_what_the_gallerys_own_questions_say() -> None:
    """A and B have two images each, of different days; B's of different sides."""
    gallery = images(
        [0, 50, 5, 55, 3],
        ["A", "B", "A", "B", "C"],
        viewpoint=["left", "left", "left", "right", "right"],
        date=["2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04", "2021-01-05"],
        place=[""] * 5,
    )
    worth = filter_worth(gallery, ["viewpoint"], same_side=False)
    assert (worth.questions, worth.cut) == (4, 2)
    # C, 3° away from A's images, is left out for them; B's images count as behind all others.
    assert worth.without == pytest.approx((0.5 + 0.5 + 1 + 1) / 4)
    assert worth.within == pytest.approx((1 + 1 + 1 / 3 + 1 / 3) / 4)
    assert "for 2 photographs (50%) every image of the right individual" in worth_sentence(worth)
    assert [found.columns for found in worth_of_filters(gallery, None, 1)] == [("viewpoint",)]
    mine = (gallery.individual_id[:, None] == gallery.individual_id).astype(np.float32)
    other = filter_worth(gallery, ["viewpoint"], None, None, lambda rows: -mine[rows])
    assert other.without == worth.without and other.within != worth.within
    alone = filter_worth(gallery.take(np.array([0, 1])), ["viewpoint"])
    assert "is not known" in worth_sentence(alone)
