from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import Herd, embed
from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import score_folds
from tf_happywhale.retrieval.evaluation.figures import draw_figures, figure_files
from tf_happywhale.retrieval.evaluation.members_added import measure_added
from tf_happywhale.retrieval.evaluation.members_alone import judge_members
from tf_happywhale.retrieval.evaluation.metric_lines import print_added
from tf_happywhale.retrieval.evaluation.open_set import evaluate_pool
from tf_happywhale.retrieval.evaluation.pool import pool_folds

IDS = ["a", "b", "c", "d"]
PLACE = {"a": 0.0, "b": 40.0, "c": 80.0, "d": 120.0}
ASTRAY = {"a": 41.0, "b": 81.0, "c": 121.0, "d": 1.0}  # third, third, second and last
NEW = 240.0


@pytest.fixture
def pod() -> Herd:
    """Four individuals, each once in fold 0 and once in fold 1; and one that only fold 0 has."""
    rows = [(f"{who}{fold}.jpg", who, PLACE[who], fold) for fold in (0, 1) for who in IDS]
    return Herd([*rows, ("n0.jpg", "n", NEW, 0)])


def member(pod: Herd, fold: int, right: bool):
    """One that has not seen a fold, and is right or astray in it."""
    other = PLACE if right else ASTRAY
    angles = [(other if image[1] == str(fold) else PLACE)[image[0]]
              if image[0] != "n" else NEW for image in pod.images]  # fmt: skip
    return embed(angles, pod.images, pod.ids, pod.gallery(fold).about)


def measured(pod: Herd, *members, weights=None, names=None) -> tuple[LabelledGallery, dict]:
    gallery = LabelledGallery(make_ensemble(members, pod.images), pod.ids, pod.folds)
    alone = judge_members(gallery, Rank())
    weights = weights or [1.0] * len(members)
    names = names or [f"net{n}/fold{m.about['fold']}" for n, m in enumerate(members)]
    return gallery, measure_added(gallery, weights, names, alone, Rank(), seed=0)


ASTRAY_PRECISION = (1 / 3 + 1 / 3 + 1 / 2 + 1 / 4) / 4


def test_each_step_is_what_the_first_ones_reach_together(pod: Herd) -> None:
    """The last step is the ensemble; the first one is the first member alone."""
    members = [member(pod, 0, right) for right in (False, True, True)]
    weights = [0.1, 1.0, 1.0]
    gallery, found = measured(pod, *members, weights=weights)
    steps = found["given"]
    assert [step["members"] for step in steps] == [["net0"], ["net1"], ["net2"]]
    assert steps[0]["map5_known"] == pytest.approx(ASTRAY_PRECISION)
    assert steps[-1]["map5_known"] == 1
    for step, before in zip(steps[1:], steps, strict=False):
        assert step["added"] == pytest.approx(step["map5_known"] - before["map5_known"])
        low, high = step["interval"]
        assert low <= step["added"] <= high
    whole = score_folds(gallery, weights, 5, Rank())[0][0]
    is_new = np.array(whole.truth) == "new_individual"
    best = whole.candidates.score[:, 0]
    wanted = (best[is_new][:, None] < best[~is_new]).mean()
    assert steps[-1]["auroc"] == pytest.approx(wanted)


def test_the_best_alone_comes_first_where_that_is_another_order(pod: Herd) -> None:
    astray, right = (member(pod, 0, kind) for kind in (False, True))
    _, found = measured(pod, astray, right)
    assert [step["members"] for step in found["best_first"]] == [["net1"], ["net0"]]
    assert found["best_first"][0]["map5_known"] == 1
    assert list(measured(pod, right, astray)[1]) == ["given"]


def test_a_network_with_a_model_for_each_fold_is_one_step(pod: Herd) -> None:
    members = [member(pod, fold, right) for right in (True, False) for fold in (0, 1)]
    names = ["one/fold0", "one/fold1", "two/fold0", "two/fold1"]
    _, found = measured(pod, *members, names=names)
    assert [(step["count"], step["members"]) for step in found["given"]] == [
        (1, ["one"]),
        (2, ["two"]),
    ]
    assert found["given"][0]["map5_known"] == 1  # both folds, eight images


def test_weights_count(pod: Herd) -> None:
    members = [member(pod, 0, right) for right in (True, False)]
    for weights, right in (([9.0, 1.0], True), ([1.0, 9.0], False)):
        last = measured(pod, *members, weights=weights)[1]["given"][-1]
        assert (last["map5_known"] == 1) is right


def test_where_no_fold_has_two_members_nothing_is_added(pod: Herd) -> None:
    assert measured(pod, member(pod, 0, True), member(pod, 1, True))[1] == {}


def test_it_is_said_and_drawn(pod: Herd, tmp_path: Path, capsys) -> None:
    gallery, found = measured(pod, member(pod, 0, False), member(pod, 0, True))
    print_added(dict(sorted(found.items())))  # as a file gives it back
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "models one after another, in the order given, out of fold:"
    assert lines[1].startswith("  1: with net0: mAP@5 of known 0.354, AUROC 1.000")
    assert lines[2].startswith("  2: with net1: mAP@5 of known ")
    assert lines[3].startswith("models one after another, the best first (chosen on these")
    pool = pool_folds(score_folds(gallery, [1.0] * 2, 5, Rank())[0], pod.ids, {})
    whole = evaluate_pool(pool, Rank(), {}, 0)
    drawn = draw_figures(tmp_path, pool, whole, found)
    assert set(drawn) == set(figure_files(tmp_path))
    assert all(file.stat().st_size for file in drawn)
    drawn = draw_figures(tmp_path, pool, whole)
    assert not (tmp_path / "members_added.png").exists()
    assert len(drawn) == len(figure_files(tmp_path)) - 1
