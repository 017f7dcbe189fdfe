"""What a training has to beat, and what is kept if it does not."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.models.whitened import among_embeddings
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import finished_files, loop, trainer
from tf_happywhale.training.frozen_model import compared, frozen_model
from tf_happywhale.training.validation import embed_fold


@pytest.fixture(autouse=True)
def small_network(monkeypatch, toy):
    def build(settings):
        if settings.embedding_size is None:  # what published weights lack is left out
            settings = settings.model_copy(update={"embedding_size": 4})
        return toy(settings)

    monkeypatch.setattr(trainer, "build_embedder", build)
    monkeypatch.setattr(loop, "draw_figure", lambda run: None)


def experiment(*overrides: str):
    keys = ["image_size=32", "data.folds=2", "fold=1", "train.batch_size=4", "train.epochs=1"]
    more = ["model.embedding_size=8", "embed.batch_size=8", "train.against_frozen=true"]
    return load_experiment(None, [*keys, *more, "train.learning_rate=1e-2", *overrides])


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [(0.5, 0.6, "trained"), (0.5, 0.5, "frozen"), (0.5, 0.4, "frozen"), (None, None, "trained")],
)
def test_a_training_that_gains_nothing_is_not_kept(before, after, kept, capsys) -> None:
    frozen = {"map5_known": before, "queries_known": 9, "threshold": 1}
    trained = {"map5_known": after, "queries_known": 9, "threshold": 2, "epoch": 3}
    metrics, is_frozen = compared(trained, frozen, 0, "default")
    assert is_frozen == (kept == "frozen")
    told = metrics.pop("against_frozen")
    assert metrics == (frozen if is_frozen else trained)
    assert (told["kept"], told["frozen"], told["trained"], told["queries"]) == (
        kept, before, after, 9,
    )  # fmt: skip
    assert ("gains nothing" in capsys.readouterr().out) == is_frozen


def test_the_frozen_model_is_whitened_and_its_head_knows_the_means(squares) -> None:
    found = frozen_model(experiment("model.sizes=[0.5,1]"), squares)
    assert "whitening" in {layer.name for layer in found.embedder.layers}
    assert found.metrics["queries_known"] == 9
    head = found.classifier.get_layer("arcface")
    centres = among_embeddings(found.embedder, np.asarray(head.centre))
    gallery, _ = embed_fold(
        lambda pictures: np.asarray(found.embedder(pictures)), experiment(), squares, "test"
    )
    near = np.argmax(gallery.embedding @ centres.T, axis=1)
    target = dict(zip(squares.individual_ids, squares.targets.tolist(), strict=True))
    right = [target[who] for who in gallery.individual_id.tolist()]
    assert np.mean(near == right) > 0.6  # noisy squares, which nobody has learned
    assert not np.asarray(head.centre)[3].any()  # of an individual that is in fold 1 only


@pytest.mark.parametrize("kept", ["frozen", "trained"])
def test_the_run_folder_holds_the_better_model(squares, tmp_path, monkeypatch, kept) -> None:
    figure = {"frozen": 2.0, "trained": -1.0}[kept]
    real = finished_files.frozen_model

    def frozen(*what):
        found = real(*what)
        found.metrics["map5_known"] = figure
        return found

    monkeypatch.setattr(finished_files, "frozen_model", frozen)
    metrics = loop.train_fold(tmp_path, experiment(), squares)
    assert metrics["against_frozen"]["kept"] == kept
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    model = load_model(tmp_path / "model.keras")
    classifier = load_model(tmp_path / "classifier.keras")
    assert model.output_shape == (None, 4 if kept == "frozen" else 8)
    assert classifier.get_layer("arcface").centre.shape == (4, model.output_shape[1])
    assert ("whitening" in {layer.name for layer in model.layers}) == (kept == "frozen")
    assert isinstance(classifier.get_layer("embedder"), keras.Model)
