from __future__ import annotations

import pytest

from tests.retrieval.conftest import Herd, embed
from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.evaluation.members_alone import answer_alone, judge_members

IDS = ["a", "b", "c", "d"]
PLACE = {"a": 0.0, "b": 40.0, "c": 80.0, "d": 120.0}
# One degree beside the next animal, so that the right one is third, third, second and last.
ASTRAY = {"a": 41.0, "b": 81.0, "c": 121.0, "d": 1.0}


@pytest.fixture
def pod() -> Herd:
    """Four individuals, each once in fold 0 and once in fold 1."""
    return Herd([(f"{who}{fold}.jpg", who, PLACE[who], fold) for fold in (0, 1) for who in IDS])


def members(pod: Herd) -> list:
    """One has not seen fold 0 and is right; one has not seen fold 1 and is astray in it."""
    angles = [*PLACE.values(), *ASTRAY.values()]
    about = pod.gallery(1).about
    return [pod.gallery(0), embed(angles, pod.images, pod.ids, about)]


def test_each_member_is_judged_on_what_it_has_not_seen(pod: Herd) -> None:
    side = make_ensemble(members(pod), pod.images)
    right, astray = judge_members(LabelledGallery(side, pod.ids, pod.folds), Rank())
    assert (list(right), list(astray)) == (["fold0"], ["fold1"])
    assert right["fold0"]["map5_known"] == 1
    assert astray["fold1"]["map5_known"] == pytest.approx((1 / 3 + 1 / 3 + 1 / 2 + 1 / 4) / 4)


def test_each_member_answers_alone(pod: Herd) -> None:
    galleries = members(pod)
    asked = ["q.jpg"]
    queries = [
        embed([angle], asked, [""], part.about)
        for angle, part in zip((2.0, 122.0), galleries, strict=True)
    ]
    sides = make_ensemble(galleries, pod.images), make_ensemble(queries, asked)
    rank = Rank(threshold=-1, weights="chosen")  # nobody is new first, and there is no choice
    found = answer_alone(
        LabelledGallery(sides[0], pod.ids, pod.folds), sides[1], rank, {}, {"q.jpg": "a"}
    )
    # The second member says c, new, d, b, a.
    assert [part["map5"] for part in found] == [1, pytest.approx(1 / 5)]
