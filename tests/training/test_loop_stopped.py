"""Trainings that stop by themselves or have a frozen backbone, and resume."""

from __future__ import annotations

import time

import keras
import numpy as np
import pytest

from tests.training.nested import nested
from tests.training.small_runs import HARD, entries, experiment, untimed
from tf_happywhale.errors import Stopped
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import loop, trainer

pytestmark = pytest.mark.usefixtures("small_network")


def test_steps_taken_together_end_as_one_by_one_wherever_the_run_was_stopped(squares, tmp_path):
    """Four steps an epoch, by three and one. A time limit that has passed stops the run after each
    call; before that it has stopped after one step of single ones, so that another three of an
    epoch are together."""
    hard = ["train.epochs=2", "train.batch_size=2", "train.checkpoint_minutes=0", *HARD]
    single, together = (experiment(*hard, f"train.steps_per_execution={n}") for n in (1, 3))
    metrics = loop.train_fold(tmp_path / "single", single, squares, stamp="a")
    peace = loop.train_fold(tmp_path / "peace", together, squares, stamp="a")
    late, stops = {"train": together.train.model_copy(update={"max_hours": 1})}, []
    first = {"train": single.train.model_copy(update={"max_hours": 1})}
    limited = [single.model_copy(update=first), *[together.model_copy(update=late)] * 9]
    for settings in limited:
        try:
            stopped = loop.train_fold(
                tmp_path / "stopped",
                settings,
                squares,
                stamp="a",
                started=time.monotonic() - 3601,
            )
            break
        except Stopped as where:
            stops.append(int(str(where).split("at step ")[1].split()[0]))
    assert stops == [1, 4, 4, 7, 8, 8]  # after an epoch's validation once more
    assert peace["map5_known"] == stopped["map5_known"] == metrics["map5_known"]
    names = ("single", "peace", "stopped")
    for line, *others in zip(*(untimed(tmp_path / name) for name in names), strict=True):
        assert others == [pytest.approx(line, rel=1e-4)] * 2
    want, *found = (
        load_model(tmp_path / name / "classifier.keras").get_weights() for name in names
    )
    for weights in found:
        for mine, other in zip(weights, want, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)


def test_a_run_with_a_frozen_backbone_stopped_again_and_again_ends_as_one_left_in_peace(
    squares, tmp_path, monkeypatch, capsys
):
    """Two steps an epoch, of which the second is the border; an update takes up to three."""
    monkeypatch.setattr(trainer, "build_embedder", nested)
    settings = ["model.weights=default", "train.epochs=2", "train.freeze_epochs=1"]
    settings = experiment(*settings, "train.average=0.9", "train.accumulate=3")
    metrics = loop.train_fold(tmp_path / "peace", settings, squares, stamp="a")
    said = capsys.readouterr().out
    assert "2 epochs of 2 steps of 4 images, with a frozen backbone up to epoch 1" in said
    late = settings.train.model_copy(update={"max_hours": 1})
    for stop in (1, 2, 2, 3):  # after an epoch's validation once more
        with pytest.raises(Stopped, match=f"at step {stop} of 4"):
            loop.train_fold(
                tmp_path / "stopped",
                settings.model_copy(update={"train": late}),
                squares,
                stamp="a",
                started=time.monotonic() - 3601,
            )
    again = loop.train_fold(tmp_path / "stopped", settings, squares, stamp="a")
    assert again["map5_known"] == metrics["map5_known"]
    assert untimed(tmp_path / "stopped") == untimed(tmp_path / "peace")
    assert [line["frozen"] for line in entries(tmp_path / "peace")] == [True, False]
    ends = [load_model(tmp_path / name / "classifier.keras") for name in ("peace", "stopped")]
    for mine, undisturbed in zip(*(end.get_weights() for end in ends), strict=True):
        np.testing.assert_array_equal(mine, undisturbed)


@pytest.mark.parametrize("epochs", [1, 5])
def test_a_backbone_may_be_frozen_to_the_end(squares, tmp_path, monkeypatch, capsys, epochs: int):
    monkeypatch.setattr(trainer, "build_embedder", nested)
    frozen = ["train.epochs=1", f"train.freeze_epochs={epochs}", "model.weights=default"]
    settings = experiment(*frozen, "train.accumulate=9", "train.average=0.9")
    loop.train_fold(tmp_path, settings, squares)
    assert "with a frozen backbone up to epoch 1\n" in capsys.readouterr().out
    keras.utils.set_random_seed(settings.seed + squares.fold)
    start = trainer.build_models(settings, squares)[1]
    end = load_model(tmp_path / "classifier.keras")
    inner = [model.get_layer("embedder").get_layer("backbone") for model in (start, end)]
    for was, kept in zip(*(model.get_weights() for model in inner), strict=True):
        np.testing.assert_array_equal(kept, was)
    centres = [np.asarray(model.get_layer("arcface").centre) for model in (start, end)]
    assert np.abs(centres[0] - centres[1]).max() > 5e-5


def test_the_time_limit_stops_with_all_that_is_needed_to_go_on(squares, tmp_path, capsys):
    settings = experiment("train.epochs=2", "train.max_hours=1")
    with pytest.raises(Stopped, match=r"after 1 hours .* at step 1 of 4: the same command resumes"):
        loop.train_fold(tmp_path, settings, squares, stamp="a", started=time.monotonic() - 3601)
    loop.train_fold(tmp_path, experiment("train.epochs=2"), squares, stamp="a")
    assert "resuming at step 1 with fold 1" in capsys.readouterr().out
    assert [line["epoch"] for line in entries(tmp_path)] == [0, 1]
