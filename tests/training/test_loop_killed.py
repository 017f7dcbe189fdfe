"""Trainings that are killed, and resume from their checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.small_runs import (
    HARD,
    TIMED,
    Killed,
    entries,
    experiment,
    killed_after,
    untimed,
)
from tf_happywhale.errors import InputError
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import loop

pytestmark = pytest.mark.usefixtures("small_network")


def test_a_run_killed_again_and_again_ends_as_one_left_in_peace(squares, tmp_path, monkeypatch):
    """Killed between batches of an epoch, at its end, and before the first checkpoint; the last
    one comes only every other step, so that steps and a line of the log are done again."""
    settings = experiment("train.epochs=3", "train.checkpoint_minutes=0", *HARD)
    peace, killed = tmp_path / "peace", tmp_path / "killed"
    metrics = loop.train_fold(peace, settings, squares, stamp="a")
    for steps in (0, 1, 1, 2):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            killed_after(patch, steps)
            loop.train_fold(killed, settings, squares, stamp="a")
    with (killed / "log.jsonl").open("a") as log:
        log.write('{"epoch": 2, "lost": true}\n')
    again = loop.train_fold(killed, settings, squares, stamp="a")
    assert {k: v for k, v in again.items() if k not in TIMED} == {
        k: v for k, v in metrics.items() if k not in TIMED
    }
    assert untimed(killed) == untimed(peace)
    for name in ("model.keras", "classifier.keras"):
        weights = (load_model(run / name).get_weights() for run in (killed, peace))
        for mine, undisturbed in zip(*weights, strict=True):
            np.testing.assert_array_equal(mine, undisturbed)
    steps = [int(path.stem[5:]) for path in (killed / "checkpoints").glob("step-*.safetensors")]
    assert sorted(steps) == [5, 6]


def test_killed_when_all_is_written_but_not_noted_it_is_finished_at_once(squares, tmp_path, capsys):
    settings = experiment("train.epochs=2", "train.checkpoint_minutes=0")
    metrics = loop.train_fold(tmp_path, settings, squares, stamp="a")
    model = load_model(tmp_path / "model.keras").get_weights()
    (tmp_path / "model.keras").unlink()
    assert loop.train_fold(tmp_path, settings, squares, stamp="a") == metrics
    assert "resuming at step 4" in capsys.readouterr().out
    for kept, was in zip(load_model(tmp_path / "model.keras").get_weights(), model, strict=True):
        np.testing.assert_array_equal(kept, was)


def test_checkpoints_of_something_else_stay_until_it_is_asked_for(squares, tmp_path, monkeypatch):
    settings = experiment("train.epochs=2", "train.checkpoint_minutes=0")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(patch, 3)
        loop.train_fold(tmp_path, settings, squares, stamp="a")
    before = sorted((tmp_path / "checkpoints").iterdir())
    with pytest.raises(InputError, match=r"give it up with train\.restart=true"):
        loop.train_fold(tmp_path, settings, squares, stamp="b")
    assert sorted((tmp_path / "checkpoints").iterdir()) == before
    again = experiment("train.epochs=2", "train.restart=true")
    loop.train_fold(tmp_path, again, squares, stamp="b")
    assert [line["epoch"] for line in entries(tmp_path)] == [0, 1]


def test_killed_after_the_best_weights_and_before_the_checkpoint(
    squares, tmp_path, monkeypatch, embedders
):
    """Epoch 1 is the best and its weights are written; done again, as a GPU that rounds otherwise
    may do it, it is not: the weights that are kept must be those that the metrics are of."""
    scores, seen = iter([0.4, 0.7, 0.3, 0.2]), []

    def validation(*_):
        seen.append(embedders[0].get_weights())
        return {"map5_known": next(scores), "queries_known": 9}

    def log(run, entry):
        if entry["epoch"] == 1 and len(seen) == 2:
            raise Killed

    monkeypatch.setattr(loop, "validate_fold", validation)
    settings = experiment("train.epochs=3", "train.checkpoint_minutes=0")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop, "log", log)
        loop.train_fold(tmp_path, settings, squares, stamp="a")
    metrics = loop.train_fold(tmp_path, settings, squares, stamp="a")
    assert (metrics["epoch"], metrics["map5_known"]) == (0, 0.4)
    for kept, was in zip(load_model(tmp_path / "model.keras").get_weights(), seen[0], strict=True):
        np.testing.assert_array_equal(kept, was)


def test_the_best_weights_stay_until_the_log_knows_better_ones(squares, tmp_path, monkeypatch):
    """Else a full disk leaves none of which `train finish` can make a model."""
    scores = iter([0.4, 0.7])

    def log(run, entry):
        if entry["epoch"] == 1:
            raise Killed
        real(run, entry)

    real = loop.log
    monkeypatch.setattr(
        loop, "validate_fold", lambda *_: {"map5_known": next(scores), "queries_known": 9}
    )
    monkeypatch.setattr(loop, "log", log)
    with pytest.raises(Killed):
        loop.train_fold(tmp_path, experiment("train.epochs=2"), squares, stamp="a")
    assert (tmp_path / "checkpoints" / "best-epoch-00000.weights.h5").is_file()
