"""Trainings with teachers, on coloured squares."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.training.nested import nested
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.models.classifier import STUDENT
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.lengths import unit_rows
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import loop, trainer
from tf_happywhale.training.batches import epoch_batches
from tf_happywhale.training.finish_early import finish_fold
from tf_happywhale.training.fold_data import NOBODY, FoldData
from tf_happywhale.training.frozen_model import frozen_model
from tf_happywhale.training.teachers.teachers import Teachers
from tf_happywhale.training.validation import embed_fold

SETTINGS = [
    "image_size=32", "data.folds=2", "fold=1", "model.embedding_size=8", "train.batch_size=4",
    "train.learning_rate=1e-2", "train.min_learning_rate=1e-4", "embed.batch_size=8",
    "augment.enabled=false",
]  # fmt: skip
TIMED = {"seconds", "images_per_second"}


def experiment(*overrides: str) -> Experiment:
    return load_experiment(None, [*SETTINGS, *overrides])


@pytest.fixture(autouse=True)
def small_network(monkeypatch, toy):
    monkeypatch.setattr(trainer, "build_embedder", toy)
    monkeypatch.setattr(loop, "draw_figure", lambda run: None)


def seen(embedder: keras.Model, data: FoldData) -> Embeddings:
    """The embeddings of the images that are trained on, in their order."""
    return embed_fold(by_keras(embedder), experiment(), data, "")[0].reorder(data.training()[0])


@pytest.fixture
def taught(squares: FoldData, toy) -> FoldData:
    """Squares whose teacher is another network, which has learned nothing."""
    keras.utils.set_random_seed(9)
    teacher = toy(experiment("model.embedding_size=6").model)
    rows = stack([seen(teacher, squares).embedding])
    return dataclasses.replace(squares, teachers=Teachers((rows,), "toy"))


def distance(run: Path, data: FoldData) -> float:
    """How far the cosines among the images are from the teacher's, of the embedding itself."""
    mine = unit_rows(seen(load_model(run / "model.keras"), data).embedding)
    mine = unit_rows(mine - mine.mean(axis=0))
    targets = data.teachers.targets
    return float(np.abs(mine @ mine.T - targets @ targets.T).mean())


def test_a_student_comes_closer_to_its_teacher_than_one_that_has_none(taught, squares, tmp_path):
    settings = experiment("train.epochs=12", "train.validate_every=12", "train.teacher_weight=0.9")
    loop.train_fold(tmp_path / "taught", settings, taught)
    loop.train_fold(tmp_path / "alone", settings, squares)
    near, far = (distance(tmp_path / name, taught) for name in ("taught", "alone"))
    assert near < far / 2


def test_what_only_teachers_need_is_not_in_the_frozen_model(taught, monkeypatch):
    size = {"embedding_size": 4}  # it is null where weights are not this package's
    build = trainer.build_embedder
    monkeypatch.setattr(trainer, "build_embedder", lambda own: build(own.model_copy(update=size)))
    found = frozen_model(experiment(), taught)
    assert STUDENT not in {layer.name for layer in found.classifier.layers}
    assert len(found.classifier.outputs) == 1


def test_what_only_teachers_need_is_not_in_the_finished_model(taught, squares, tmp_path):
    settings = experiment("train.epochs=1")
    for name, data in (("taught", taught), ("alone", squares)):
        loop.train_fold(tmp_path / name, settings, data)
    shapes = [
        [weight.shape for weight in load_model(tmp_path / name / "classifier.keras").get_weights()]
        for name in ("taught", "alone")
    ]
    assert shapes[0] == shapes[1]
    _, plain = trainer.build_models(settings, squares)
    plain.load_weights(tmp_path / "taught" / "checkpoints" / "best.weights.h5")
    saved = load_model(tmp_path / "taught" / "classifier.keras").get_weights()
    for mine, kept in zip(plain.get_weights(), saved, strict=True):
        np.testing.assert_array_equal(mine, kept)


def entries(run: Path) -> list[dict]:
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMED} for line in lines]


class Killed(Exception):
    pass


@pytest.mark.parametrize(
    "how",
    [
        ["train.average=0.9", "train.accumulate=2", "augment.mixup_p=0.5", "augment.enabled=true"],
        ["train.embedding_mixup=0.5", "train.balance=0.5", "train.head_rate=3"],
        ["train.freeze_epochs=1", "model.weights=default"],
    ],
)
def test_a_taught_run_that_was_killed_ends_as_one_left_in_peace(taught, tmp_path, monkeypatch, how):
    settings = experiment("train.epochs=3", "train.checkpoint_minutes=0", *how)
    if settings.train.freeze_epochs:
        monkeypatch.setattr(trainer, "build_embedder", nested)
    loop.train_fold(tmp_path / "peace", settings, taught, stamp="a")
    make, taken = trainer.make_step, []

    def make_step(*arguments):
        step = make(*arguments)

        def take(number, *rest):
            if len(taken) == 3:
                raise Killed
            taken.append(number)
            return step(number, *rest)

        take.state = step.state
        return take

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trainer, "make_step", make_step)
        loop.train_fold(tmp_path / "killed", settings, taught, stamp="a")
    # A new process computes the targets again.
    again = dataclasses.replace(taught, teachers=dataclasses.replace(taught.teachers))
    loop.train_fold(tmp_path / "killed", settings, again, stamp="a")
    assert entries(tmp_path / "killed") == entries(tmp_path / "peace")
    ends = [load_model(tmp_path / name / "classifier.keras") for name in ("peace", "killed")]
    for mine, undisturbed in zip(*(end.get_weights() for end in ends), strict=True):
        np.testing.assert_array_equal(mine, undisturbed)


def test_the_best_epoch_of_an_unfinished_taught_run_becomes_a_model(taught, tmp_path, monkeypatch):
    settings = experiment("train.epochs=1")

    def killed(*_) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop, "write_results", killed)
        loop.train_fold(tmp_path, settings, taught)
    assert finish_fold(tmp_path, settings, taught) == 1
    names = {layer.name for layer in load_model(tmp_path / "classifier.keras").layers}
    assert "arcface" in names
    assert "student" not in names


def batches_of(settings: Experiment, data: FoldData) -> list[tuple]:
    devices = loop.choose_devices(settings.train)
    return list(epoch_batches(devices, settings, data, 0, 0))


def test_each_picture_comes_with_its_own_row(taught):
    images, targets = taught.training()
    rows = taught.teachers.targets
    count = 0
    for _, target in batches_of(experiment("train.batch_size=5"), taught):
        for who, row in zip(target["individual"].numpy(), target["teacher"].numpy(), strict=True):
            (place,) = np.flatnonzero((rows == row).all(axis=1))
            assert targets[place] == who
            count += 1
    assert count == len(images) // 5 * 5


def test_mixed_pictures_come_with_the_rows_of_both(taught):
    settings = experiment("augment.enabled=true", "augment.mixup_p=1")
    for _, (first, second, _) in batches_of(settings, taught):
        for name in ("individual", "teacher"):
            np.testing.assert_array_equal(second[name], np.roll(first[name], -1, axis=0))


def test_an_image_without_a_label_comes_once_however_individuals_are_balanced(taught):
    """And has no place among the individuals' counts, by which margins are made."""
    targets = taught.targets.copy()
    targets[np.flatnonzero(taught.folds != 1)[:3]] = NOBODY
    data = dataclasses.replace(taught, targets=targets)
    known = data.labelled
    assert len(known) == len(data.training()[0]) - 3
    settings = experiment("train.balance=1", "train.batch_size=1")
    who = np.concatenate([target["individual"] for _, target in batches_of(settings, data)])
    assert (who == NOBODY).sum() == 3
    assert len(who) == len(data.training()[0])
    loss = trainer.loss_of(settings, data)
    assert (loss.teacher_weight, loss.teacher_scale) == (0.5, settings.model.scale)
    trainer.build_models(experiment("model.dynamic_margin=[0.5, -0.3, 0.1]"), data)
