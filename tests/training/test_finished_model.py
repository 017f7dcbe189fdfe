"""What a training leaves as its model: the best epoch, averaged, whitened, of several sizes."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest

from tests.training.small_runs import experiment
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import finished_files, loop, trainer, validation

pytestmark = pytest.mark.usefixtures("small_network")


def test_whitening_is_learned_in_the_end_and_measured(squares, tmp_path, trained):
    metrics = loop.train_fold(tmp_path / "white", experiment("model.whitening=0.5"), squares)
    model, classifier = (
        load_model(tmp_path / "white" / f"{name}.keras") for name in ("model", "classifier")
    )
    assert json.loads((tmp_path / "white" / "metrics.json").read_text()) == metrics
    assert metrics["epoch"] == trained[1]["epoch"]
    measured = validation.validate_fold(by_keras(model), experiment(), squares)
    assert {key: metrics[key] for key in measured} == pytest.approx(measured)
    # What the head was trained on, of length 1, goes through a map that centres the other fold.
    gallery, _ = validation.embed_fold(by_keras(model), experiment(), squares, "")
    np.testing.assert_allclose(gallery.embedding.mean(axis=0), 0, atol=1e-4)
    inner = by_keras(classifier.get_layer("embedder"))
    before, _ = validation.embed_fold(inner, experiment(), squares, "")
    unit = before.embedding / np.linalg.norm(before.embedding, axis=1, keepdims=True)
    kernel, bias = model.get_layer("whitening").get_weights()
    np.testing.assert_allclose(gallery.embedding, unit @ kernel + bias, rtol=1e-3, atol=1e-4)


def test_several_sizes_come_before_whitening_and_are_measured(squares, tmp_path, trained):
    settings = experiment("model.sizes=[1, 0.5]")
    metrics = loop.train_fold(tmp_path / "sizes", settings, squares)
    sized = load_model(tmp_path / "sizes" / "model.keras")
    measured = validation.validate_fold(by_keras(sized), experiment(), squares)
    assert {key: metrics[key] for key in measured} == pytest.approx(measured)
    assert metrics["epoch"] == trained[1]["epoch"]
    settings = experiment("model.sizes=[1, 0.5]", "model.whitening=0.5")
    loop.train_fold(tmp_path / "both", settings, squares)
    both = load_model(tmp_path / "both" / "model.keras")
    gallery, _ = validation.embed_fold(by_keras(both), experiment(), squares, "")
    before, _ = validation.embed_fold(by_keras(sized), experiment(), squares, "")
    unit = before.embedding / np.linalg.norm(before.embedding, axis=1, keepdims=True)
    kernel, bias = both.get_layer("whitening").get_weights()
    np.testing.assert_allclose(gallery.embedding, unit @ kernel + bias, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("settings", "times"), [("whitening=0.5", 1), ("sizes=[1, 0.5]", 3)])
def test_validations_are_compiled_once(squares, tmp_path, monkeypatch, toy, settings, times):
    """However many there are; a finished model of two sizes is another one, of two embedders."""
    traced = []

    class Counted(keras.layers.Layer):
        def call(self, x, training=None):
            if training is False:
                traced.append(x.shape)
            return x

    def build(settings):
        inner = toy(settings)
        return keras.Model(inner.input, Counted()(inner.output), name="embedder")

    monkeypatch.setattr(trainer, "build_embedder", build)
    monkeypatch.setattr(finished_files, "save_model", lambda *_: None)
    loop.train_fold(tmp_path, experiment("train.epochs=3", f"model.{settings}"), squares)
    assert len(traced) == times


def test_a_run_shorter_than_accumulate_is_trained_by_one_update(squares, tmp_path):
    """Of four steps the last is the first update: a model before it is not the best."""
    settings = experiment("train.accumulate=99", "train.average=0.9")
    metrics = loop.train_fold(tmp_path / "once", settings, squares)
    assert metrics["epoch"] == 1
    keras.utils.set_random_seed(settings.seed + squares.fold)
    start = trainer.build_models(settings, squares)[0].get_weights()
    found = load_model(tmp_path / "once" / "model.keras").get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(found, start, strict=True)) > 1e-3


def test_a_fold_of_strangers_says_so_and_ends_with_the_last_epoch(squares, tmp_path, capsys):
    """Fold 1 here shows `new` alone."""
    strangers = np.array([int(who == "new") for who in squares.individual_ids])
    alone = dataclasses.replace(squares, folds=strangers)
    metrics = loop.train_fold(tmp_path, experiment(), alone)
    assert (metrics["epoch"], metrics["queries_known"], metrics["map5_known"]) == (1, 0, None)
    said = capsys.readouterr().out
    assert "neither the best epoch nor a threshold" in said
    assert "set data.fold_by or data.folds" in said


def test_an_averaged_run_saves_the_average_it_has_validated(
    squares, tmp_path, monkeypatch, embedders
):
    seen, last = [], []
    real = loop.validate_fold

    def validation(*arguments):
        seen.append(embedders[0].get_weights())
        return real(*arguments)

    make = trainer.make_step

    def make_step(strategy, learner, *options):
        step, classifier = make(strategy, learner, *options), learner.classifier

        def watched(*arguments):
            loss = step(*arguments)
            last[:] = classifier.get_layer("embedder").get_weights()
            return loss

        watched.state = step.state
        return watched

    monkeypatch.setattr(loop, "validate_fold", validation)
    monkeypatch.setattr(trainer, "make_step", make_step)
    loop.train_fold(tmp_path, experiment("train.epochs=1", "train.average=0.9"), squares)
    kept = load_model(tmp_path / "model.keras").get_weights()
    for mine, validated in zip(kept, seen[0], strict=True):
        np.testing.assert_array_equal(mine, validated)
    assert any(np.abs(a - b).max() > 1e-6 for a, b in zip(kept, last, strict=True))


def test_the_best_epoch_is_kept_when_later_ones_are_worse(
    squares, tmp_path, monkeypatch, embedders
):
    scores = iter([0.4, 0.7, 0.2])
    seen = []

    def validation(*_):
        seen.append(embedders[0].get_weights())
        return {"map5_known": next(scores), "queries_known": 9}

    monkeypatch.setattr(loop, "validate_fold", validation)
    metrics = loop.train_fold(tmp_path, experiment("train.epochs=3"), squares)
    assert (metrics["epoch"], metrics["map5_known"]) == (1, 0.7)
    for kept, was in zip(load_model(tmp_path / "model.keras").get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(kept, was)
    assert any((a != b).any() for a, b in zip(seen[1], seen[2], strict=True))


def test_the_saved_models_are_one_another_and_the_checkpoint(trained, squares):
    run, _ = trained
    model, classifier = load_model(run / "model.keras"), load_model(run / "classifier.keras")
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    embedding = np.asarray(model(pictures))
    assert embedding.shape == (3, 8)
    inner = classifier.get_layer("embedder")
    np.testing.assert_array_equal(np.asarray(inner(pictures)), embedding)
    logits = np.asarray(classifier([pictures, np.array([0, 1, 2])]))
    assert logits.shape == (3, squares.classes)
    fresh = keras.models.clone_model(classifier)
    fresh.load_weights(run / "checkpoints" / "best.weights.h5")
    for its, mine in zip(fresh.get_weights(), classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(its, mine)
