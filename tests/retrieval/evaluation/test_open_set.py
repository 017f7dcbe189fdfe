from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.config import Rank
from tf_happywhale.retrieval import metrics
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import FoldScores
from tf_happywhale.retrieval.ensemble.trained_on import TrainedOn, assignment_of
from tf_happywhale.retrieval.evaluation.measure_experiment import why_unmeasured
from tf_happywhale.retrieval.evaluation.metric_lines import _group, table_rows, telling_sentences
from tf_happywhale.retrieval.evaluation.open_set import _by_parts, _places_by_lead, evaluate_pool
from tf_happywhale.retrieval.evaluation.pool import Pool, pool_folds
from tf_happywhale.retrieval.new_individual.probability import leads
from tf_happywhale.retrieval.new_individual.rule import FIRST_OR_SECOND
from tf_happywhale.retrieval.search.candidates import Candidates

NEW = "new_individual"


def make_fold(fold: int, seed: int, shift: float = 0.0) -> FoldScores:
    """100 queries of 20 individuals, every fifth of them new; known ones are found first."""
    rng = np.random.default_rng(seed)
    who = np.array([f"{n % 20:02d}" if n % 5 else f"new{n % 4}{fold}" for n in range(100)])
    truth = [NEW if identity.startswith("new") else identity for identity in who]
    best = np.where(np.array(truth) == NEW, -1.0, 1.0) + rng.normal(size=100) * 0.5 + shift
    behind = [[i for i in ("80", "81", "82", "83", "84") if i != w][:4] for w in who]
    first = [w if t != NEW else "85" for w, t in zip(who, truth, strict=True)]
    ids = np.array([[f, *o] for f, o in zip(first, behind, strict=True)])
    # known ones stand out from others, whose level says nothing
    others = np.minimum(best, shift - 1.6)[:, None] - np.arange(4) * 0.1
    standard = np.concatenate([best[:, None], others], axis=1)
    images = np.array([f"{fold}-{n}" for n in range(100)])
    found = Candidates(ids, (0.5 + standard / 10).astype(np.float32), np.zeros((100, 5), int))
    return FoldScores(fold, (0,), images, who, found, standard, truth)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "DRAWS", 50)


def pool(folds: list[FoldScores]) -> Pool:
    catalogue = [identity for fold in folds for identity in fold.individual_ids.tolist()]
    return pool_folds(folds, catalogue, dict.fromkeys(catalogue, "fin"))


def test_every_mode_is_measured_against_the_oracle() -> None:
    found = evaluate_pool(pool([make_fold(0, 0), make_fold(1, 1)]), Rank(), {}, 0)
    assert (found["queries"], found["queries_new"], found["new_individuals"]) == (200, 40, 8)
    modes = ["p_new", "first_or_second", "column", "target_share", "per_species"]
    assert list(found["modes"]) == modes
    for mode, part in found["modes"].items():
        kind = "first_or_second" if mode in FIRST_OR_SECOND else "column"
        assert part["value"] > 0.7
        if mode != "p_new":  # a lead may be better than any threshold
            assert part["value"] <= found["oracle"][kind]["value"] + 1e-12
        assert part["interval"][0] <= part["value"] <= part["interval"][1]
    assert found["auroc"]["value"] > 0.99
    assert found["ranks"]["1"]["value"] == 1.0
    assert found["p_new"]["error_after"] < found["p_new"]["error_before"]
    assert found["map5"] == found["modes"]["p_new"]["value"]
    assert found["species"]["fin"]["queries"] == 200
    assert found["gallery_images"]["0"]["queries"] == 40  # the new ones


def test_groups_are_measured_as_the_whole_is() -> None:
    folds = pool([make_fold(0, 0), make_fold(1, 1)])
    found = evaluate_pool(folds, Rank(), {}, 0)
    only = found["species"]["fin"]  # all of them are
    assert only["value"] == found["map5"]
    assert only["rank1"] == found["ranks"]["1"]
    for name in ("balanced_accuracy_known", "balanced_accuracy_new", "auroc"):
        assert only[name] == found[name]
    new = found["gallery_images"]["0"]
    assert (new["rank1"]["value"], new["balanced_accuracy_known"]["value"]) == (None, None)
    assert new["balanced_accuracy_new"] == found["balanced_accuracy_new"]
    assert new["auroc"]["value"] is None
    (known,) = (part for name, part in found["gallery_images"].items() if name != "0")
    assert known["auroc"] == found["auroc"]  # against all new ones
    assert known["queries_new"] == 0
    assert "BAKS" in _group(known) and "BAUS" not in _group(known)


def test_a_rule_is_learned_on_the_other_folds_only() -> None:
    # the second fold's scores lie elsewhere: a rule that had seen it would know
    apart = pool([make_fold(0, 0), make_fold(1, 1, shift=10.0)])
    modes = evaluate_pool(apart, Rank(), {}, 0)["modes"]
    assert modes["first_or_second"]["new"]["value"] == pytest.approx(
        0.75
    )  # new first in fold 0, second in 1


def test_a_single_fold_is_measured_on_individuals_it_did_not_learn_from() -> None:
    alone = pool([make_fold(0, 0)])
    parts = {identity: set() for identity in alone.individual_ids.tolist()}
    for identity, part in zip(alone.individual_ids.tolist(), alone.part.tolist(), strict=True):
        parts[identity].add(part)
    assert all(len(found) == 1 for found in parts.values())
    assert evaluate_pool(alone, Rank(), {}, 0)["map5"] > 0.9


def test_without_new_individuals_known_ones_that_are_left_out_teach_and_judge() -> None:
    folds = [make_fold(0, 0), make_fold(1, 1)]
    known = [
        FoldScores(
            fold.fold, (0,), fold.images[kept], fold.individual_ids[kept],
            Candidates(*(column[kept] for column in vars(fold.candidates).values())),
            fold.standard[kept], [t for t in fold.truth if t != NEW],
        )
        for fold in folds
        for kept in [np.array([t != NEW for t in fold.truth])]
    ]  # fmt: skip
    found = evaluate_pool(pool(known), Rank(), {}, 0)
    p_new = found["p_new"]
    assert p_new["left_out"] == 160 and p_new["auroc"]["queries_new"] == 160
    assert p_new["auroc"]["value"] > 0.9 and p_new["error_after"] < p_new["error_before"]
    assert found["auroc"]["value"] is None
    assert found["modes"]["first_or_second"]["new"]["value"] is None
    assert found["map5"] > 0.99  # a score below all that were learned from puts new first


def test_an_individual_is_never_used_for_its_own_p_new() -> None:
    """Were it known instead of new, its own P(new) would be the same, and others' would differ."""
    for folds in ([make_fold(0, 0)], [make_fold(0, 0), make_fold(1, 1)]):
        whole = pool(folds)
        mine = whole.individual_ids == "new10"
        other = replace(whole, truth=np.where(mine, whole.ids[:, 0], whole.truth))
        before, after = (_by_parts(whole, some, leads, 0.15) for some in (whole, other))
        np.testing.assert_array_equal(before[mine], after[mine])
        assert (before[~mine] != after[~mine]).any()
        places = _places_by_lead(whole, Rank()), _places_by_lead(other, Rank())
        np.testing.assert_array_equal(*(place[mine] for place in places))


def without_information(folds: list[FoldScores]) -> Pool:
    """Every image, new or known, has the same kind of scores, and nobody is found."""
    rng = np.random.default_rng(9)
    parts = []
    for fold in folds:
        best = rng.normal(size=(100, 1))
        standard = best - np.abs(rng.normal(size=(100, 1))) * np.arange(5)
        found = replace(
            fold.candidates,
            individual_id=np.where(
                fold.candidates.individual_id == fold.individual_ids[:, None],
                "85",
                fold.candidates.individual_id,
            ),
            score=(0.5 + standard / 10).astype(np.float32),
        )
        parts.append(replace(fold, standard=standard, candidates=found))
    return pool(parts)


def test_where_new_animals_cannot_be_told_it_is_said() -> None:
    lost = evaluate_pool(without_information([make_fold(0, 0), make_fold(1, 1)]), Rank(), {}, 0)
    (sentence,) = telling_sentences(lost)
    assert sentence.startswith("New animals cannot be told from known ones here: ")
    good = evaluate_pool(pool([make_fold(0, 0), make_fold(1, 1)]), Rank(), {}, 0)
    assert telling_sentences(good) == []


def test_a_calibration_that_is_left_out_is_not_measured_as_if_it_were_used() -> None:
    """Eleven new images, nine of them of one animal, and a single known individual."""
    best = np.concatenate([np.linspace(0.35, 0.45, 9), [0.75, 0.8], np.linspace(0.5, 0.95, 44)])
    score = np.concatenate([best[:, None], np.full((55, 4), 0.3)], axis=1)
    who = np.array(["a"] * 9 + ["b", "c"] + ["01"] * 44)
    truth = [NEW] * 11 + ["01"] * 44
    others = ["81", "82", "83", "84"]
    ids = np.array([["80", *others]] * 11 + [["01", *others]] * 44)
    candidates = Candidates(ids, score.astype(np.float32), np.zeros((55, 5), int))
    images = np.arange(55).astype(str)
    small = FoldScores(0, (0,), images, who, candidates, (score - 0.6) / 0.2, truth)
    measured = evaluate_pool(pool([small]), Rank(), {}, 0)
    p_new = measured["p_new"]
    assert not p_new["calibrated"] and not p_new["places"]
    assert p_new["error_after"] == p_new["error_before"]
    assert p_new["curve_after"] == p_new["curve_before"]
    assert measured["modes"]["p_new"] == measured["modes"]["first_or_second"]
    assert "mAP@5, new=p_new" not in dict(table_rows(measured))


def test_a_given_threshold_is_measured_as_it_is() -> None:
    folds = pool([make_fold(0, 0), make_fold(1, 1)])
    never = evaluate_pool(folds, Rank(threshold=-9.0), {}, 0)  # new is second everywhere
    assert never["map5"] == pytest.approx((160 * 1 + 40 * 1 / 2) / 200)
    always = evaluate_pool(folds, Rank(threshold=9.0), {}, 0)
    assert always["map5"] == pytest.approx((160 * 1 / 2 + 40 * 1) / 200)
    assert always["modes"]["first_or_second"] == never["modes"]["first_or_second"]


def test_what_cannot_be_measured_is_said_in_a_sentence() -> None:
    folds = {"a": 0, "b": 1}
    seen = str(TrainedOn("r", frozenset({0, 1}), assignment_of(folds)))
    part = embed([0, 40], ["a", "b"], ["1", "2"], {"trained_on": seen})
    gallery = LabelledGallery(make_ensemble([part], ["a", "b"]), ["1", "2"], folds)
    assert "trained on every fold" in why_unmeasured(gallery, Rank(threshold=0.5))
    assert "preset=original" in why_unmeasured(gallery, Rank(preset="original"))
    assert why_unmeasured(gallery, Rank()) == ""  # score_folds says what to do


def test_the_figures_are_drawn(tmp_path: Path) -> None:
    from tf_happywhale.retrieval.evaluation.figures import ADDED, NAMES, draw_figures

    folds = pool([make_fold(0, 0), make_fold(1, 1)])
    files = draw_figures(tmp_path / "figures", folds, evaluate_pool(folds, Rank(), {}, 0))
    assert [file.stem for file in files] == [name for name in NAMES if name != ADDED]
    for file in files:
        assert file.read_bytes().startswith(b"\x89PNG")
