"""A model that learns from an ensemble, end to end on a small pod."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import embed, run, train
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.retrieval.embeddings import load_embeddings, save_embeddings
from tf_happywhale.training import every_fold, loop, trainer
from tf_happywhale.training.fold_data import NOBODY, FoldData

FOLDS = "variants=[{name: narrow, model.embedding_size: 4}, {name: wide}]"


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    monkeypatch.setattr(trainer, "build_embedder", small_network.build)


@pytest.fixture(scope="module")
def place(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two teachers with folds 0 and 1. An image to identify is a copy of one of fold 0."""
    folder = tmp_path_factory.mktemp("students")
    shutil.copytree(pod, folder / "data")
    (folder / "data" / "boxes.csv").unlink()  # whole pictures: the copy's box is another's
    data = load_data(experiment(folder))
    seen = data.images[int(np.flatnonzero(data.folds == 0)[1])]
    shutil.copy(data.train_folder / seen, data.test_folder / data.test_images[2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", small_network.build)
        run.main(experiment(folder, FOLDS, "fold=all", "data.folds=2"))
    return folder


def experiment(folder: Path, *overrides: str) -> Experiment:
    places = [f"data.root={folder / 'data'}", f"output={folder / 'out'}", "data.folds=2"]
    return load_experiment(None, [*QUICK, *places, *overrides])


def student(place: Path, *overrides: str, names: tuple[str, ...] = ("narrow", "wide")):
    named = ", ".join(f"{{path: {place / 'out' / name}}}" for name in names)
    return experiment(place, "name=student", f"train.teachers=[{named}]", *overrides)


@pytest.fixture
def tasks(monkeypatch) -> list[FoldData]:
    """What each training was given."""
    given, real = [], loop.train_fold

    def watched(folder: Path, settings: Experiment, data: FoldData, **options) -> dict:
        given.append(data)
        return real(folder, settings, data, **options)

    monkeypatch.setattr(every_fold, "train_fold", watched)
    return given


def test_each_fold_learns_from_the_teachers_that_have_not_seen_it(place, tasks, capsys):
    train.main(student(place, "fold=all"))
    for fold, data in enumerate(tasks):
        assert data.fold == fold
        images = data.training()[0]
        assert data.teachers.targets.shape[0] == len(images)
        assert [side.widths for side in data.teachers.sides] == [(4, 16)]
        wide = load_embeddings(place / "out" / "wide" / f"fold{fold}" / "embeddings" / "train.npz")
        first = data.teachers.sides[0].tile(np.arange(1))[0, 4:]
        own = wide.embedding[wide.image.tolist().index(images[0])]
        np.testing.assert_allclose(first * np.sqrt(2), own / np.linalg.norm(own), rtol=1e-4)
    capsys.readouterr()
    embed.main(student(place, "fold=all"))
    train.main(student(place, "fold=all"))
    assert capsys.readouterr().out.count("train student fold") == 2
    assert len(tasks) == 2


def test_images_without_a_label_are_trained_on_but_no_copy_of_what_validates(place, tasks):
    train.main(student(place, "name=more", "train.unlabelled=true"))
    data = load_data(experiment(place))
    (task,) = tasks
    assert task.more_images
    assert data.test_images[2] not in task.more_images
    assert set(task.more_images) < set(data.test_images)
    assert set(task.more_targets) == {NOBODY}
    images, targets = task.training()
    assert len(task.teachers.targets) == len(images) == len(targets)
    with (place / "out" / "more" / "fold0" / "made_from.csv").open(encoding="utf-8") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert {rows[image]["individual_id"] for image in task.more_images} == {""}


def test_a_round_of_predictions_labels_some_and_leaves_the_others_to_the_teachers(place, tasks):
    rounds = ["name=rounds", "train.unlabelled=true", "pseudo.rounds=1", "pseudo.confidence=0.6"]
    run.main(student(place, *rounds))
    first, second = tasks
    assert set(first.more_images) == set(second.more_images)
    assert set(first.more_targets) == {NOBODY}
    assert (np.asarray(second.more_targets) != NOBODY).any()


def test_changed_teachers_are_noticed(place, tasks, capsys):
    settings = student(place, "name=changed")
    train.main(settings)
    moved = place / "out" / "wide-moved"
    shutil.copytree(place / "out" / "wide", moved)
    train.main(student(place, "name=changed", names=("narrow", "wide-moved")))
    assert len(tasks) == 1  # where they lie does not matter
    file = moved / "fold0" / "embeddings" / "train.npz"
    said = load_embeddings(file)
    changed = np.array(said.embedding)
    seen = tasks[0].training()[0][0]
    changed[said.image.tolist().index(seen)] += 0.1
    save_embeddings(file, type(said)(changed, said.image, said.individual_id, said.about))
    capsys.readouterr()
    train.main(student(place, "name=changed", names=("narrow", "wide-moved")))
    assert "what train.teachers say of the images, or their weights, has changed" in (
        capsys.readouterr().out
    )
    train.main(experiment(place, "name=changed"))
    assert "nobody teaches it, and train.teachers did before" in capsys.readouterr().out
    train.main(settings)
    assert "train.teachers teach it, and nobody did before" in capsys.readouterr().out
    assert len(tasks) == 4


def test_an_unfinished_training_with_other_teachers_is_not_resumed(place, tasks, monkeypatch):
    def killed(*_) -> None:
        raise KeyboardInterrupt

    every_epoch = ["name=stopped", "train.epochs=2", "train.checkpoint_minutes=0"]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "write_results", killed)
        train.main(student(place, *every_epoch))
    with pytest.raises(InputError, match=r"unfinished training of something else: what train\.tea"):
        train.main(student(place, *every_epoch, names=("wide",)))
    train.finish(student(place, *every_epoch))
    assert (place / "out" / "stopped" / "fold0" / "model.keras").is_file()


def test_before_the_first_fold_is_trained_every_folds_teachers_are_asked(place, tasks):
    one = student(place, "name=refused", "fold=all", names=("narrow", "wide/fold0"))
    with pytest.raises(ConfigError, match=r"wide.fold0 was trained on fold 1 of this catalogue"):
        train.main(one)
    assert not tasks
