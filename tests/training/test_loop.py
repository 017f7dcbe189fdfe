"""What the training loop takes, logs and refuses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tests.training.small_runs import Killed, entries, experiment
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError, TrainingError
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import batches as batches_module
from tf_happywhale.training import loop, trainer
from tf_happywhale.training.log_entry import show_loss
from tf_happywhale.training.resume.checkpoint import clear

pytestmark = pytest.mark.usefixtures("small_network")


def test_a_run_leaves_the_files_of_the_contract(trained):
    run, _ = trained
    clear(run / "checkpoints")
    found = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert found == {
        "config.yaml", "environment.json", "log.jsonl", "log.csv", "training.png", "metrics.json",
        "model.keras", "classifier.keras", str(Path("checkpoints") / "best.weights.h5"),
    }  # fmt: skip


def test_its_config_loads_back_to_the_same_experiment(trained):
    assert load_experiment(trained[0] / "config.yaml") == experiment()


def test_the_progress_bar_says_the_running_loss():
    said = []
    bar = SimpleNamespace(set_postfix_str=lambda text, refresh: said.append(text))
    for losses in ([], [2.0], [100.0] + [1.0] * 49 + [3.0]):
        show_loss(bar, losses)
    assert said == ["loss 2.000", "loss 1.040"]


@pytest.fixture(scope="module")
def seldom_validated(squares, toy, tmp_path_factory) -> Path:
    """A run of three epochs that is validated every two, with events of TensorBoard."""
    run = tmp_path_factory.mktemp("seldom")
    settings = experiment("train.epochs=3", "train.validate_every=2", "train.tensorboard=true")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", toy)
        patch.setattr(loop, "draw_figure", lambda run: None)
        loop.train_fold(run, settings, squares)
    return run


def test_tensorboard_has_the_log(seldom_validated):
    assert [path.suffix for path in (seldom_validated / "tensorboard").iterdir()]


def test_the_log_has_a_line_an_epoch(trained):
    lines = entries(trained[0])
    assert [line["epoch"] for line in lines] == [0, 1]
    assert all(np.isfinite(line["loss"]) for line in lines)
    # Nine images of the other fold are two steps of four: the rate ends at its lowest.
    assert lines[-1]["learning_rate"] == pytest.approx(1e-4)
    assert 1e-4 < lines[0]["learning_rate"] < 1e-2


def test_metrics_are_those_of_the_best_epoch(trained):
    run, metrics = trained
    lines = entries(run)
    best = max(line["map5_known"] for line in lines)
    assert metrics["map5_known"] == best
    assert metrics["epoch"] == max(n for n, line in enumerate(lines) if line["map5_known"] == best)
    assert json.loads((run / "metrics.json").read_text()) == metrics
    # Nine images of known individuals, and four of one that the other fold has never seen.
    assert (metrics["queries_known"], metrics["queries_new"]) == (9, 4)


def test_validation_by_retrieval_is_perfect_where_colours_tell_individuals_apart(squares):
    pictures = keras.Input((None, None, 3))
    centred = keras.layers.Rescaling(1 / 128, offset=-1)(pictures)
    colour = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(centred))
    metrics = loop.validate_fold(by_keras(colour), experiment(), squares)
    assert metrics["map5_known"] == metrics["rank1_known"] == 1
    assert (metrics["queries_known"], metrics["queries_new"]) == (9, 4)


def test_validation_comes_every_so_many_epochs_and_after_the_last(seldom_validated):
    assert ["map5_known" in line for line in entries(seldom_validated)] == [False, True, True]


def test_the_same_seed_trains_the_same_model(squares, tmp_path, one_epoch):
    seed, runs = experiment().seed, [one_epoch]
    for name, other in (("b", seed), ("c", seed + 1)):
        loop.train_fold(tmp_path / name, experiment("train.epochs=1", f"seed={other}"), squares)
        runs.append(tmp_path / name)
    ends = [load_model(run / "model.keras").get_weights() for run in runs]
    for again, first in zip(ends[1], ends[0], strict=True):
        np.testing.assert_allclose(again, first, atol=1e-5)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(ends[2], ends[0], strict=True))


def broken_after(monkeypatch, good_steps: int) -> list[list[np.ndarray]]:
    """Steps that ruin the weights from some step on; the weights after each good step."""
    make, good = trainer.make_step, []

    def make_step(strategy, learner, *options):
        step, classifier = make(strategy, learner, *options), learner.classifier

        def ruin(*arguments):
            loss = step(*arguments)
            if len(good) < good_steps:
                good.append(classifier.get_weights())
                return loss
            for variable in classifier.trainable_variables:
                variable.assign(variable * float("nan"))
            return loss * float("nan")

        ruin.state = step.state
        return ruin

    monkeypatch.setattr(trainer, "make_step", make_step)
    return good


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_model(
    squares, tmp_path, monkeypatch
):
    good = broken_after(monkeypatch, good_steps=3)  # two steps an epoch
    with pytest.raises(TrainingError, match=r"the last step 1 of epoch 1: lower train\.learn"):
        loop.train_fold(tmp_path, experiment("train.epochs=4", "train.max_bad_steps=0"), squares)
    assert [line["epoch"] for line in entries(tmp_path)] == [0]
    assert not (tmp_path / "model.keras").exists()
    _, classifier = trainer.build_models(experiment(), squares)
    classifier.load_weights(tmp_path / "checkpoints" / "best-epoch-00000.weights.h5")
    for kept, was in zip(classifier.get_weights(), good[1], strict=True):
        np.testing.assert_array_equal(kept, was)


def test_fewer_images_than_a_batch_are_one_sentence(squares, tmp_path):
    with pytest.raises(InputError, match=r"Fold 1 leaves 9 images .*lower train\.batch_size \(16"):
        loop.train_fold(tmp_path / "run", experiment("train.batch_size=16"), squares)
    assert not (tmp_path / "run").exists()


def test_only_the_other_folds_are_trained_on(squares, tmp_path, monkeypatch):
    asked = []

    def batches(images, order, **options):
        asked.append((list(images.images), list(images.targets)))
        assert images.splits == ("train",)
        raise Killed  # the rest would be done for nothing

    monkeypatch.setattr(batches_module, "training_batches", batches)
    settings = experiment("train.epochs=1")
    with pytest.raises(Killed):
        loop.train_fold(tmp_path, settings, dataclasses.replace(squares, fold=0))
    images, targets = asked[0]
    rows = [squares.images.index(image) for image in images]
    assert set(squares.folds[rows]) == {1}
    assert targets == squares.targets[rows].tolist()
    assert len(images) == 13


def test_models_are_built_as_the_config_says(squares, monkeypatch, toy):
    asked = []

    def build(settings):
        asked.append(settings)
        return toy(settings)

    monkeypatch.setattr(trainer, "build_embedder", build)
    settings = ["model.margin=0.2", "model.scale=16", "model.easy_margin=true"]
    settings += ["model.label_smoothing=0.1", "model.subcentres=3"]
    embedder, classifier = trainer.build_models(experiment(*settings), squares)
    assert asked == [experiment(*settings).model]
    head = classifier.get_layer("arcface")
    options = (head.classes, head.margin, head.scale, head.easy_margin, head.label_smoothing)
    assert options == (4, 0.2, 16.0, True, 0.1)
    assert head.subcentres == 3
    assert classifier.get_layer("embedder") is embedder


def test_margins_go_by_the_training_images_of_the_other_folds(squares):
    """Fold 1 is left out: three images of each individual remain, of `new` none."""
    rule = experiment("model.dynamic_margin=[0.3, -1, 0.05]")
    head = trainer.build_models(rule, squares)[1].get_layer("arcface")
    assert head.margin == pytest.approx([0.15, 0.15, 0.15, 0.35])


def test_a_species_head_is_trained_and_saved(squares, tmp_path):
    two = dataclasses.replace(squares, species=np.array([0, 0, 1, 1]))
    settings = experiment("train.epochs=1", "model.species_weight=0.5")
    loop.train_fold(tmp_path, settings, two)
    classifier = load_model(tmp_path / "classifier.keras")
    head = classifier.get_layer("arcface_species")
    assert (head.classes, head.scale) == (2, 33.14)
    # Six and three training images: 0.226253·n^-0.720133 + 0.05.
    assert head.margin == pytest.approx([0.1122, 0.1526], abs=1e-4)
    pictures = np.zeros((3, 32, 32, 3), np.uint8)
    both = classifier([pictures, np.array([0, 1, 2]), np.array([0, 0, 1])])
    assert [tuple(logits.shape) for logits in both] == [(3, 4), (3, 2)]


def test_rare_individuals_come_more_often_and_pictures_grow(squares, tmp_path, monkeypatch):
    """Twelve images, of which three are of one individual: a quarter of each epoch, balanced."""
    seen = []
    make = trainer.make_step

    def make_step(*options):
        step = make(*options)

        def watched(number, pictures, targets, rate):
            seen.append((pictures.shape[1], targets.numpy().tolist()))
            return step(number, pictures, targets, rate)

        watched.state = step.state
        return watched

    monkeypatch.setattr(trainer, "make_step", make_step)
    few = dataclasses.replace(squares, fold=0)  # three images of three individuals, four of `new`
    settings = ["train.epochs=4", "train.batch_size=13", "train.balance=1", "train.first_size=32"]
    loop.train_fold(tmp_path, experiment(*settings, "image_size=64"), few)
    assert [size for size, _ in seen] == [32, 32, 64, 64]
    for _, targets in seen:
        counts = np.bincount(targets, minlength=4)
        assert counts.sum() == 13
        assert counts.max() - counts.min() <= 2
    assert len({tuple(targets) for _, targets in seen}) == 4


@pytest.mark.parametrize("mixing", ["augment.mixup_p=1", "train.embedding_mixup=0.5"])
def test_mixed_pictures_and_embeddings_train_too(squares, tmp_path, one_epoch, mixing: str):
    loop.train_fold(tmp_path, experiment("train.epochs=1", mixing), squares)
    mixed, plain = (entries(folder)[0]["loss"] for folder in (tmp_path, one_epoch))
    assert np.isfinite(mixed)
    assert mixed != pytest.approx(plain, rel=1e-3)


def test_some_steps_that_are_not_finite_are_left_out_and_counted(squares, tmp_path, monkeypatch):
    make, bad = trainer.make_step, {1, 2}

    def make_step(*arguments):
        step = make(*arguments)

        def take(number, *rest):
            return float("nan") if number in bad else step(number, *rest)

        take.state = step.state
        return take

    monkeypatch.setattr(trainer, "make_step", make_step)
    loop.train_fold(tmp_path, experiment("train.epochs=2", "train.max_bad_steps=2"), squares)
    assert [line["bad_steps"] for line in entries(tmp_path)] == [1, 2]
    assert all(np.isfinite(line["loss"]) for line in entries(tmp_path))
    with pytest.raises(TrainingError, match=r"2 steps .*not finite, the last step 0 of epoch 1"):
        loop.train_fold(tmp_path, experiment("train.epochs=2", "train.max_bad_steps=1"), squares)


def test_a_run_without_any_update_is_an_error(squares, tmp_path, monkeypatch):
    make = trainer.make_step

    def make_step(*arguments):
        def never(*_):
            return float("nan")

        never.state = make(*arguments).state
        return never

    monkeypatch.setattr(trainer, "make_step", make_step)
    with pytest.raises(TrainingError, match=r"None of the 4 steps of fold 1 was finite.*lower"):
        loop.train_fold(tmp_path, experiment(), squares)
    assert not (tmp_path / "model.keras").exists()
