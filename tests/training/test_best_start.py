"""Which weights a training starts from with `model.weights=best`."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.published_stand_in import NAME, TINY, use
from tf_happywhale.config import dump_experiment, load_experiment
from tf_happywhale.disk.files import write_text
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.models.backbones.swin_variants import SWINS
from tf_happywhale.models.published_models.fetching import fetch_model
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.training import best_start as module
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.resume.made_from import MadeFrom, write_made_from
from tf_happywhale.training.start_weights import check_unchanged, content_of, start_of

FOLDS = {"a.jpg": 0, "b.jpg": 1, "c.jpg": 1}
DATA = FoldData(None, list(FOLDS), ["x", "x", "y"], None, None, 2, 0)


class Shelf:
    """Models beside an output, and what each of them would find."""

    def __init__(self, home, monkeypatch) -> None:
        self.home, self.figures = home, {"default": 0.5}
        self.tried: list[str] = []
        monkeypatch.setattr(module, "_figure", self.figure)

    def figure(self, experiment, data) -> float | None:
        self.tried.append(experiment.model.weights)
        return self.figures[experiment.model.weights]

    def add(self, name: str, figure: float, *, pictures=(), fold: int = 0, **model: str) -> str:
        run = self.home / name / "run" / "fold0"
        keys = [f"model.{key}={value}" for key, value in model.items()]
        write_text(run / "config.yaml", dump_experiment(load_experiment(None, keys)))
        write_text(run / "model.keras", name)
        start = content_of(model["weights"] + "/model.keras") if "weights" in model else None
        made = MadeFrom({}, start, "", None, fold, tuple((i, "x", p, "") for i, p in pictures))
        write_made_from(run, made)
        self.figures[str(run)] = figure
        return str(run)

    def choose(self, *overrides: str):
        keys = [f"output={self.home / 'mine'}", "name=n", "model.weights=best", *overrides]
        run = self.home / "mine" / "n" / "fold0"
        chosen, content = start_of(load_experiment(None, keys), DATA, run, FOLDS)
        assert content == content_of(find_weights("lite0", chosen.model.weights))
        return chosen.model.weights


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Shelf:
    monkeypatch.setenv("HAPPYWHALE_MODELS", str(tmp_path / "published"))
    return Shelf(tmp_path, monkeypatch)


def test_alone_the_backbones_own_weights_are_taken_untried(shelf: Shelf) -> None:
    assert shelf.choose() == "default"
    assert shelf.tried == []


def test_the_best_is_taken_and_every_figure_printed(shelf: Shelf, capsys) -> None:
    shelf.add("seals", 0.4)
    best = shelf.add("whales", 0.7, pictures=[("other.jpg", "1")])
    assert shelf.choose() == best
    said = capsys.readouterr().out
    assert "0.500  default as it is" in said and f"0.700  {best} as it is" in said
    assert len(shelf.tried) == 3


def test_of_equal_ones_the_backbones_own(shelf: Shelf) -> None:
    shelf.add("whales", 0.5)
    assert shelf.choose() == "default"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"pictures": [("a.jpg", "1")]}, r"has seen photographs .* \(a\.jpg\)"),
        ({"pictures": [("a.jpg", "3")], "fold": 2}, r"has seen photographs .* \(a\.jpg\)"),
        ({"backbone": "lite1"}, r"another network \(model\.backbone=lite1\)"),
    ],
)
def test_a_model_that_has_seen_the_fold_or_does_not_fit_is_not_tried(
    shelf: Shelf, capsys, made, reason
) -> None:
    other = shelf.add("whales", 0.9, **made)
    assert shelf.choose() == "default"
    said = capsys.readouterr().out
    assert f"training does not start from {other}" in said
    assert re.search(reason, said)


def test_a_model_whose_own_fold_this_is_may_be_tried(shelf: Shelf) -> None:
    best = shelf.add("earlier", 0.9, pictures=[("a.jpg", "0"), ("b.jpg", "1")], fold=0)
    assert shelf.choose() == best


def test_a_model_that_started_from_one_that_has_seen_the_fold_is_not_tried(
    shelf: Shelf, capsys, tmp_path
) -> None:
    whales = shelf.add("whales", 0.6, pictures=[("a.jpg", "1")])
    seals = shelf.add("seals", 0.9, pictures=[("other.jpg", "1")], weights=whales)
    pups = shelf.add("pups", 0.9, pictures=[("more.jpg", "1")], weights=seals)
    assert shelf.choose() == "default"
    said = capsys.readouterr().out
    assert f"start from {seals}: it started from {whales}, and of that: it has seen" in said
    assert f"start from {pups}: it started from {seals}, and of that: it started" in said
    (tmp_path / "whales" / "run" / "fold0" / "model.keras").write_text("trained again")
    assert shelf.choose("train.restart=true") == "default"
    assert "which has changed since" in capsys.readouterr().out


def test_a_model_that_started_from_one_that_has_not_seen_the_fold_is_tried(shelf: Shelf) -> None:
    whales = shelf.add("whales", 0.6, pictures=[("other.jpg", "1")])
    seals = shelf.add("seals", 0.9, pictures=[("more.jpg", "1")], weights=whales)
    assert shelf.choose() == seals


def test_a_neighbour_that_cannot_be_read_is_left_out(shelf: Shelf, monkeypatch, capsys) -> None:
    damaged, better = shelf.add("damaged", 0.9), shelf.add("whales", 0.6)

    def figure(experiment, data) -> float | None:
        if experiment.model.weights == damaged:
            raise InputError("It is damaged.")
        return shelf.figure(experiment, data)

    monkeypatch.setattr(module, "_figure", figure)
    assert shelf.choose() == better
    assert f"does not start from {damaged}: It is damaged." in capsys.readouterr().out


def test_nothing_is_trained_from_other_weights_than_are_noted(shelf: Shelf, tmp_path) -> None:
    other = shelf.add("seals", 0.6)
    file = tmp_path / "seals" / "run" / "fold0" / "model.keras"
    experiment, content = load_experiment(None, [f"model.weights={other}"]), content_of(str(file))
    check_unchanged(experiment, content)
    file.write_text("trained again")
    with pytest.raises(InputError, match=r"train\.restart=true chooses other"):
        check_unchanged(experiment, content)
    file.unlink()
    with pytest.raises(InputError, match=r"has changed or is\sgone"):
        check_unchanged(experiment, content)


def test_models_of_the_same_output_are_not_tried(shelf: Shelf) -> None:
    shelf.add("mine", 0.9)
    assert shelf.choose() == "default"
    assert shelf.tried == []


def test_the_choice_is_kept_when_another_model_appears(shelf: Shelf) -> None:
    first = shelf.add("seals", 0.6)
    assert shelf.choose() == first
    better = shelf.add("whales", 0.8)
    assert shelf.choose() == first
    assert shelf.choose("train.restart=true") == better


def test_weights_that_have_changed_are_chosen_anew_unless_a_model_has_started_from_them(
    shelf: Shelf, tmp_path
) -> None:
    first = shelf.add("seals", 0.6)
    assert shelf.choose() == first
    shelf.add("seals", 0.6)
    run = tmp_path / "mine" / "n" / "fold0"
    told = json.loads((run / "start.json").read_text())
    (tmp_path / "seals" / "run" / "fold0" / "model.keras").write_text("trained again")
    tried = len(shelf.tried)
    assert shelf.choose() == first and len(shelf.tried) > tried
    write_made_from(run, MadeFrom({}, told["content"], "", None, 0, ()))
    (run / "start.json").write_text(json.dumps(told))
    (tmp_path / "seals" / "run" / "fold0" / "model.keras").unlink()
    keys = [f"output={tmp_path / 'mine'}", "name=n", "model.weights=best"]
    chosen, content = start_of(load_experiment(None, keys), DATA, run, FOLDS)
    assert (chosen.model.weights, content) == (first, told["content"])


def test_an_unfinished_training_keeps_its_start_when_that_is_gone(shelf: Shelf, tmp_path) -> None:
    first = shelf.add("seals", 0.6)
    assert shelf.choose() == first
    run = tmp_path / "mine" / "n" / "fold0"
    said = (run / "start.json").read_text()
    content = json.loads(said)["content"]
    write_made_from(run / "training", MadeFrom({}, content, "", None, 0, ()))
    (tmp_path / "seals" / "run" / "fold0" / "model.keras").unlink()
    keys = [f"output={tmp_path / 'mine'}", "name=n", "model.weights=best"]
    chosen, kept = start_of(load_experiment(None, keys), DATA, run, FOLDS)
    assert (chosen.model.weights, kept) == (first, content)
    assert (run / "start.json").read_text() == said
    with pytest.raises(InputError, match="put it back"):
        check_unchanged(chosen, kept)
    assert shelf.choose("train.restart=true") == "default"


def test_fetched_models_of_the_same_network_are_tried(shelf: Shelf, monkeypatch, tmp_path) -> None:
    fetch_model(TINY, use(monkeypatch, tmp_path))
    shelf.figures[NAME] = 0.8
    assert shelf.choose() == NAME


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"backbone": "b0"}, "another network"), ({"backbone": next(iter(SWINS))}, "pixels only")],
)
def test_fetched_models_that_do_not_fit_are_not_tried(
    shelf: Shelf, monkeypatch, tmp_path, capsys, changes, reason
) -> None:
    fetch_model(TINY, use(monkeypatch, tmp_path))
    monkeypatch.setitem(PUBLISHED, NAME, replace(TINY, **changes))
    assert shelf.choose() == "default"
    assert reason in capsys.readouterr().out


def test_several_workers_cannot_choose(shelf: Shelf, monkeypatch) -> None:
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(ConfigError, match=r"set model\.weights=default"):
        shelf.choose()
