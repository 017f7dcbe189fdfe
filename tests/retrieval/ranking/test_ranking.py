from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.retrieval.conftest import Herd, embed
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.selection import choose_weights
from tf_happywhale.retrieval.ensemble.trained_on import TrainedOn, assignment_of
from tf_happywhale.retrieval.ranking.ranking import rank_queries

NEW = "new_individual"


def test_the_threshold_separates_the_folds_known_from_its_new(herd: Herd) -> None:
    # the known image is 4° from its gallery, the new one 80° from the nearest
    assert np.cos(np.radians(80)) < herd.rank([1]).rule.threshold < np.cos(np.radians(4))


def test_ids_are_five_different_ones_with_new_by_the_threshold(herd: Herd) -> None:
    ranking = herd.rank([1, 270])
    assert ranking.ids()[0] == ["001", NEW, "002", "003", "004"]
    # 70°, 90°, 130° and 150° away
    assert ranking.ids()[1] == [NEW, "007", "001", "002", "004"]


def test_the_whole_catalogue_is_the_gallery_of_the_real_queries(herd: Herd) -> None:
    assert herd.rank([200]).ids()[0][0] == "007"  # held out in the fold, but known now


def test_a_given_threshold_is_taken(herd: Herd) -> None:
    assert herd.rank([1], threshold=0.9999).ids()[0][:2] == [NEW, "001"]


def test_as_a_column_new_stands_where_its_score_belongs(herd: Herd) -> None:
    # 1°, 39°, 79°, 119° and 161° away
    ranking = herd.rank([1], threshold=float(np.cos(np.radians(50))), new="column")
    assert ranking.ids() == [["001", "002", NEW, "003", "004"]]
    table = ranking.table(5)
    assert (np.diff(table["score"].astype(float)) < 0).all()


def test_a_target_share_of_the_queries_is_new(herd: Herd) -> None:
    degrees = [1, 3, 44, 90, 135, 160, 250, 300, 41, 82]
    for share in (0.0, 0.3, 1.0):
        ids = herd.rank(degrees, new="target_share", target_share=share).ids()
        assert sum(row[0] == NEW for row in ids) == round(10 * share)


def test_the_table_has_the_contracts_columns_and_text(herd: Herd) -> None:
    table = herd.rank([1]).table(5)
    assert list(table.columns) == [
        "image", "box_number", "rank", "individual_id", "score", "p_new", "reference_image",
        "reference_box_number",
    ]  # fmt: skip
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert table["individual_id"].tolist()[:2] == ["001", NEW]
    assert table["reference_image"].tolist()[:2] == ["a.jpg", ""]
    assert float(table["score"][0]) == pytest.approx(np.cos(np.radians(1)), abs=1e-6)


def test_all_engines_rank_alike(herd: Herd) -> None:
    degrees = [3, 50, 101, 150, 250, 300]
    assert herd.rank(degrees).ids() == herd.rank(degrees, engine="tensorflow").ids()


@pytest.mark.parametrize("ensemble", ["join", "average"])
def test_the_same_member_twice_changes_nothing(herd: Herd, ensemble: str) -> None:
    twice = herd.rank([2, 170], galleries=[herd.gallery()] * 2, ensemble=ensemble)
    once = herd.rank([2, 170])
    assert twice.ids() == once.ids()
    np.testing.assert_allclose(twice.candidates.score, once.candidates.score, atol=1e-6)
    np.testing.assert_allclose(twice.rule.threshold, once.rule.threshold, atol=1e-6)
    assert [part.members for part in twice.scored] == [(0, 1)]


def test_members_of_different_folds_each_judge_their_own(herd: Herd) -> None:
    ranking = herd.rank([2], galleries=[herd.gallery(0), herd.gallery(1)])
    assert [(part.fold, part.members) for part in ranking.scored] == [(0, (0,)), (1, (1,))]
    assert ranking.scored[1].images.tolist() == ["a.jpg", "c.jpg", "d.jpg", "e.jpg"]


def test_gallery_and_queries_of_different_models_are_refused(herd: Herd) -> None:
    query = replace(embed([2], ["q.jpg"], [""]), about={"model": "another"})
    gallery = LabelledGallery(make_ensemble([herd.gallery()], herd.images), herd.ids, herd.folds)
    with pytest.raises(InputError, match="different models"):
        rank_queries(gallery, make_ensemble([query], ["q.jpg"]), [1.0], Rank())


def test_labels_that_are_not_the_catalogues_are_refused(herd: Herd) -> None:
    wrong = replace(herd.gallery(), individual_id=np.array([*herd.ids[:-1], "008"]))
    with pytest.raises(InputError, match=r"f\.jpg as 008, but it is 007 in the catalogue"):
        herd.rank([1], galleries=[herd.gallery(), wrong])


def test_members_with_another_order_of_individuals_are_refused(herd: Herd) -> None:
    heads = [
        replace(herd.gallery(), centre=np.ones((2, 2), np.float32), centre_id=np.array(order))
        for order in (["001", "002"], ["002", "001"])
    ]
    with pytest.raises(InputError, match="Model 2 was trained with other individuals"):
        herd.rank([1], galleries=heads)


def test_a_member_that_lacks_an_image_is_refused(herd: Herd) -> None:
    with pytest.raises(InputError, match=r"they lack 1 image \('b\.jpg'\)"):
        herd.rank([1], galleries=[herd.gallery(), herd.gallery().take(np.array([0, 2, 3, 4, 5]))])


def test_no_query_ranks_to_nothing(herd: Herd) -> None:
    assert herd.rank([]).ids() == []


def test_all_new_and_none_new(herd: Herd) -> None:
    none = Herd([(i, "001", n, n % 2) for n, i in enumerate("abcd")])
    assert none.rank([1, 50], candidates=5).ids()[0][:2] == ["001", NEW]
    # without 001 nobody is left: that teaches nothing, and one minus the cosine is given
    np.testing.assert_allclose(none.rank([1, 60]).p_new, [0, 1 - np.cos(np.radians(57))], atol=1e-6)
    every = Herd([(i, f"{n}", 30 * n, n % 2) for n, i in enumerate("abcdef")])
    # nobody in fold 0 is known to fold 1: none of their scores was a match
    assert every.rank([190]).ids()[0][0] == NEW


def test_an_individual_that_only_asks_is_never_an_answer_in_its_fold(herd: Herd) -> None:
    part = herd.rank([1]).scored[0]
    assert part.truth == ["001", NEW]
    assert "007" not in part.candidates.individual_id


def test_members_that_have_seen_everything_rank_by_a_given_threshold(herd: Herd) -> None:
    about = {"trained_on": str(TrainedOn("r", frozenset({0, 1}), assignment_of(herd.folds)))}
    seen = [replace(herd.gallery(), about=about)] * 2
    ranking = herd.rank([1], galleries=seen, threshold=0.5)
    assert ranking.ids()[0][:2] == ["001", NEW]
    assert np.isnan(ranking.p_new).all()
    with pytest.raises(InputError, match=r"rank\.threshold"):
        herd.rank([1], galleries=seen)
    with pytest.raises(InputError, match=r"rank\.weights=given"):
        choose_weights(
            LabelledGallery(make_ensemble(seen, herd.images), herd.ids, herd.folds), Rank()
        )


@pytest.mark.parametrize("ensemble", ["join", "average"])
def test_a_fold_of_all_images_asks_an_empty_gallery(ensemble: str) -> None:
    herd = Herd([(f"{n}.jpg", f"{n:03d}", 40.0 * n, 0) for n in range(6)])
    ranking = herd.rank([1, 42], ensemble=ensemble)
    assert ranking.scored[0].truth == [NEW] * 6
    assert [row[0] for row in ranking.candidates.individual_id.tolist()] == ["000", "001"]
    assert all(len(set(ids)) == 5 for ids in ranking.ids())


def test_where_no_threshold_can_be_chosen_it_says_so(herd: Herd) -> None:
    assert herd.rank([1]).unsure == ""
    strangers = Herd([("a.jpg", "1", 0, 1), ("b.jpg", "2", 40, 0), ("c.jpg", "3", 80, 1)])
    assert "none shows a known individual" in strangers.rank([1]).unsure
    assert strangers.rank([1], threshold=0.5).unsure == ""
    assert strangers.rank([1], new="target_share").unsure == ""


def test_other_scores_order_individuals_and_new_keeps_its_place(herd: Herd) -> None:
    ranking = herd.rank([1, 270], threshold=float(np.cos(np.radians(50))), new="column")
    assert [row.index(NEW) for row in ranking.ids()] == [2, 0]
    before = ranking.candidates
    score = np.full(before.score.shape, -np.inf, np.float32)
    score[:, :3] = [0.9, 0.2, 0.5]  # those of the other side stand behind, whatever their score
    other = replace(before, individual_id=before.individual_id[:, ::-1], score=score)
    found = ranking.reordered(other)
    assert found.with_new(0)[2] == NEW and found.with_new(1)[0] == NEW
    assert found.with_new(0)[:2] == other.individual_id[0, :2].tolist()
    assert found.threshold(0) == pytest.approx(0.35) and found.threshold(1) > 0.9
    assert np.array_equal(found.p_new, ranking.p_new)
