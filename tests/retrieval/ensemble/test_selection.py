from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.retrieval.conftest import Herd
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import score_folds
from tf_happywhale.retrieval.ensemble.selection import (
    best_members,
    choose_weights,
    score_folds_by_chosen,
    select,
)
from tf_happywhale.retrieval.ensemble.trained_on import all_but

IDS = np.array(["a", "b", "c"])


def test_the_better_member_is_taken_and_a_useless_one_is_not() -> None:
    good, bad = np.array([0.9, 0.2, 0.1]), np.array([0.1, 0.2, 0.9])
    table = [(IDS, np.stack([bad, good]))] * 4
    assert select(table, ["a"] * 4).tolist() == [0, 1]


def test_members_that_mend_each_others_faults_are_both_taken() -> None:
    # the first is right about a and nearly about b, the second the other way round
    first = [np.array([0.9, 0.1, 0.0]), np.array([0.5, 0.45, 0.0])]
    second = [np.array([0.45, 0.5, 0.0]), np.array([0.1, 0.9, 0.0])]
    table = [(IDS, np.stack(pair)) for pair in zip(first, second, strict=True)]
    chosen = select(table, ["a", "b"])
    assert (chosen > 0).all()
    assert chosen.sum() == 1


def test_without_queries_all_count_alike() -> None:
    assert select([], []).tolist() == [1.0]


def test_weights_are_chosen_on_the_folds_that_members_have_not_seen(herd: Herd) -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(12), 6)
    images = [f"{n}.jpg" for n in range(len(who))]
    ids = [f"{n:02d}" for n in who]
    folds = {image: n % 2 for n, image in enumerate(images)}
    centres = rng.normal(size=(12, 8)) * 3

    def member(noise: float, fold: int) -> Embeddings:
        rows = (centres[who] + rng.normal(size=(len(who), 8)) * noise).astype(np.float32)
        about = {"trained_on": all_but(fold, "r", folds), "fold": str(fold)}
        return Embeddings(rows, np.array(images), np.array(ids), about)

    side = make_ensemble([member(0.5, 0), member(50.0, 0), member(0.5, 1)], images)
    assert choose_weights(LabelledGallery(side, ids, folds), Rank()) == [1.0, 0.0, 1.0]


def test_the_best_members_are_those_that_know_folds_they_have_not_seen(herd: Herd) -> None:
    """Fold 0 asks 001 at 4°, and 007, new there; fold 1 asks 001 at 0°: the others are new."""
    wrong = replace(herd.gallery(), embedding=herd.gallery().embedding[[2, 1, 0, 3, 4, 5]])
    members = [wrong, herd.gallery(1), herd.gallery(), wrong]
    side = make_ensemble(members, herd.images)

    def best(count: int | None) -> list[int]:
        return best_members(LabelledGallery(side, herd.ids, herd.folds), count, Rank())

    assert best(2) == [1, 2]
    assert best(3) == [0, 1, 2]  # of equal ones the first
    assert best(1) == [1]
    assert best(None) == best(9) == [0, 1, 2, 3]


def test_members_that_have_seen_everything_cannot_be_compared(herd: Herd) -> None:
    seen = replace(herd.gallery(), about={"trained_on": all_but(7, "r", herd.folds)})
    side = make_ensemble([seen, herd.gallery()], herd.images)
    with pytest.raises(InputError, match=r"Model 1 was trained on every fold.*rank\.members"):
        best_members(LabelledGallery(side, herd.ids, herd.folds), 1, Rank())


def test_no_individual_has_a_say_in_the_weights_it_is_scored_by() -> None:
    # the first member knows the even individuals only, the second the odd ones
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(12), 6)
    images, ids = [f"{n}.jpg" for n in range(72)], [f"{n:02d}" for n in who]
    folds = {image: n % 2 for n, image in enumerate(images)}
    centres = rng.normal(size=(12, 8)) * 3

    def member(knows: int) -> Embeddings:
        noise = np.where(who % 2 == knows, 0.1, 100.0)[:, None]
        rows = (centres[who] + rng.normal(size=(72, 8)) * noise).astype(np.float32)
        about = {"trained_on": all_but(0, "r", folds)}
        return Embeddings(rows, np.array(images), np.array(ids), about)

    side = make_ensemble([member(0), member(1)], images)
    even = {f"{n:02d}" for n in range(0, 12, 2)}
    weights = choose_weights(LabelledGallery(side, ids, folds), Rank(), even)
    assert weights[0] > weights[1]
    (part,) = score_folds_by_chosen(LabelledGallery(side, ids, folds), 5, Rank())
    assert sorted(part.images.tolist()) == sorted(i for i in images if folds[i] == 0)
    for mine in (0, 1):
        judges = {f"{n:02d}" for n in range(1 - mine, 12, 2)}
        chosen = choose_weights(LabelledGallery(side, ids, folds), Rank(), judges)
        (expected,), _ = score_folds(LabelledGallery(side, ids, folds), chosen, 5, Rank())
        want = dict(zip(expected.images, expected.candidates.score[:, 0], strict=True))
        for image, identity, score in zip(
            part.images, part.individual_ids, part.candidates.score[:, 0], strict=True
        ):
            if identity not in judges:
                assert score == want[image]


def test_a_collapsed_member_is_no_favourite() -> None:
    flat, good = np.zeros(3), np.array([0.9, 0.2, 0.1])
    assert select([(IDS, np.stack([flat, good]))] * 4, ["a"] * 4).tolist() == [0, 1]
