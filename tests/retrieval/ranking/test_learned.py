from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import Herd
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.new_individual.telling import Telling
from tf_happywhale.retrieval.ranking.learned import learn, nothing_learned
from tf_happywhale.retrieval.ranking.learned_file import load_learned, save_learned


@pytest.fixture
def learned(herd: Herd):
    return learn(
        LabelledGallery(make_ensemble([herd.gallery()], herd.images), herd.ids, herd.folds),
        [1.0],
        Rank(),
    )


def test_it_knows_what_ranking_the_same_catalogue_would_have_learned(herd: Herd, learned) -> None:
    for mode in ("first_or_second", "column"):
        ranked = herd.rank([1, 100, 300], new=mode, new_share=Rank().new_share)
        score = ranked.candidates.score
        rule = learned.rule(Rank(new=mode), score)
        assert rule.threshold == pytest.approx(ranked.rule.threshold)
        assert rule.anywhere == ranked.rule.anywhere
        np.testing.assert_allclose(learned.p_new(score), ranked.p_new)
    assert (learned.queries, learned.queries_new) == (3, 2)  # 001 is asked without itself too


def test_members_that_ranking_would_leave_out_have_no_share(herd: Herd) -> None:
    """The second one takes two images for one another; both are of fold 0."""
    good = herd.gallery()
    wrong = replace(good, embedding=good.embedding[[2, 1, 0, 3, 4, 5]])
    side = make_ensemble([good, wrong], herd.images)
    alone = learn(LabelledGallery(side.only([0]), herd.ids, herd.folds), [1.0], Rank())
    for rank in (Rank(members=1), Rank(weights="chosen")):
        found = learn(LabelledGallery(side, herd.ids, herd.folds), [1.0, 1.0], rank)
        assert found.shares == (*alone.shares, 0.0)
        assert (found.threshold, found.slope) == (alone.threshold, alone.slope)
    assert min(learn(LabelledGallery(side, herd.ids, herd.folds), [1.0, 1.0], Rank()).shares) > 0


def test_it_comes_back_from_its_file_for_the_same_models_only(tmp_path: Path, learned) -> None:
    file = tmp_path / "new_individuals.json"
    assert load_learned(file, "these") is None
    save_learned(file, learned, "these")
    assert load_learned(file, "these") == learned
    assert load_learned(file, "others") is None
    file.write_text('{"made_from": "these", "shares": [1], "weights": null, "odd": 1}')
    with pytest.raises(InputError, match="is damaged: delete it"):
        load_learned(file, "these")


def test_where_nothing_was_learned_new_individual_comes_last() -> None:
    nothing, score = nothing_learned([1.0]), np.array([[0.2, -0.9]], np.float32)
    rule = nothing.rule(Rank(), score)
    assert rule.anywhere and rule.threshold <= -1
    assert np.isnan(nothing.p_new(score)).all()
    assert nothing.rule(Rank(threshold=0.4), score).threshold == 0.4


def test_where_no_threshold_was_taught_it_says_so(learned) -> None:
    assert learned.unsure(Rank()) == ""
    one_kind = replace(learned, queries_new=0)
    assert "none shows a new individual" in one_kind.unsure(Rank())
    assert one_kind.unsure(Rank(threshold=0.5)) == ""


def test_it_knows_how_likely_the_best_candidate_is_right() -> None:
    """Fold 0 asks twelve individuals close to their own images, and four new ones between two."""
    known = [(f"k{n}", f"{n:03d}", 30.0 * n, 1) for n in range(12)]
    asked = [(f"a{n}", f"{n:03d}", 30.0 * n + 1 + n % 5, 0) for n in range(12)]
    between = [(f"b{n}", f"9{n}", 90.0 * n + 12 + n, 0) for n in range(4)]
    herd = Herd([*known, *asked, *between])
    side = make_ensemble([herd.gallery()], herd.images)
    learned = learn(LabelledGallery(side, herd.ids, herd.folds), [1.0], Rank())
    near, far = learned.p_right(np.cos(np.radians([[2.0, 28.0], [14.0, 16.0]])))
    assert near > 0.5 > far
    assert np.isnan(nothing_learned([1.0]).p_right(np.zeros((1, 2)))).all()


def test_the_best_candidate_needs_the_lead_that_was_taught(learned) -> None:
    score = np.array([[0.8, 0.4, 0.4, 0.4, 0.4], [0.6, 0.4, 0.4, 0.4, 0.4]])
    led = replace(learned, threshold={"first_or_second": 0.9, "column": 0.9, "p_new": 0.3})
    rule = led.rule(Rank(), score)
    assert [rule.threshold_for(row) for row in score] == pytest.approx([0.7, 0.7])
    assert not rule.anywhere
    assert led.rule(Rank(new="first_or_second"), score).threshold_for(score[0]) == 0.9
    assert led.rule(Rank(threshold=0.5), score).threshold_for(score[0]) == 0.5


def test_it_says_where_new_animals_cannot_be_told(learned, tmp_path: Path) -> None:
    assert replace(learned, told=None).cannot_tell == []
    assert replace(learned, told=Telling(0.8, 0.7, 0.9)).cannot_tell == []
    lost = replace(learned, told=Telling(0.55, 0.45, 0.65))
    save_learned(tmp_path / "learned.json", lost, "it")
    (said,) = load_learned(tmp_path / "learned.json", "it").cannot_tell
    assert "in 55% of all pairs (95%: 45% to 65%)" in said


def test_what_an_older_version_learned_lacks_that_and_is_read(learned, tmp_path: Path) -> None:
    file = tmp_path / "new_individuals.json"
    save_learned(file, learned, "these")
    said = json.loads(file.read_text())
    for name in ("wrong_weights", "wrong_intercept", "calibrated", "told"):
        del said[name]
    said["weights"] = [-2.0, -1.0]  # of the best score, and of its gap to the second
    file.write_text(json.dumps(said))
    older = load_learned(file, "these")
    assert older.wrong_intercept is None and learned.wrong_intercept is not None
    assert older.threshold == learned.threshold
    assert older.cannot_tell == []
    near, far = older.p_new(np.array([[0.9, 0.1], [0.2, 0.1]], np.float32))
    assert near < far
    assert older.rule(Rank(), np.zeros((1, 2))).lead is None
