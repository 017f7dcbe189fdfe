from __future__ import annotations

from dataclasses import replace

import pytest

from tests.retrieval.conftest import Herd
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import score_fold, score_folds
from tf_happywhale.retrieval.ensemble.trained_on import all_but, check_held_out, held_out_folds

FOLDS = {"a": 0, "b": 1, "c": 2}


def test_what_is_written_says_what_was_held_out() -> None:
    assert held_out_folds("m", all_but(1, "pod-128-ab12", FOLDS), FOLDS) == [1]
    assert held_out_folds("m", "nothing", FOLDS) == [0, 1, 2]
    turned = dict(reversed(FOLDS.items()))
    assert all_but(1, "r", FOLDS) == all_but(1, "r", turned)


def test_a_model_that_saw_the_fold_may_not_judge_it() -> None:
    about = all_but(1, "r", FOLDS)
    check_held_out("m", about, 1, FOLDS)
    for fold in (0, 2):
        with pytest.raises(InputError, match=f"m was trained on fold {fold}"):
            check_held_out("m", about, fold, FOLDS)


def test_other_folds_than_these_are_refused() -> None:
    with pytest.raises(InputError, match="trained on other folds than these"):
        held_out_folds("m", all_but(1, "r", FOLDS), FOLDS | {"c": 1})


@pytest.mark.parametrize("said", ["", "everything", "r; folds 1,2 of 00000000"])
def test_embeddings_that_do_not_say_are_refused(said: str) -> None:
    with pytest.raises(InputError, match="do not say which folds"):
        held_out_folds("m", said, FOLDS)


def test_a_threshold_from_a_model_that_saw_the_fold_raises(herd: Herd) -> None:
    side = make_ensemble([herd.gallery(1)], herd.images)  # trained on fold 0
    with pytest.raises(InputError, match="was trained on fold 0"):
        score_fold(LabelledGallery(side, herd.ids, herd.folds), 0, [0], [1.0], k=5, rank=Rank())


def test_a_model_that_saw_every_fold_teaches_nothing(herd: Herd) -> None:
    everything = {"trained_on": all_but(-1, "records", herd.folds)}
    seen = replace(herd.gallery(), about=everything)
    with pytest.raises(InputError, match="was trained on every fold"):
        score_folds(
            LabelledGallery(make_ensemble([seen], herd.images), herd.ids, herd.folds),
            [1.0],
            5,
            Rank(),
        )
    with pytest.raises(InputError, match="was trained on every fold"):
        herd.rank([1], galleries=[seen])
    assert herd.rank([1], galleries=[seen], threshold=0.5).rule.threshold == 0.5
