"""A model that learns from an ensemble, on a small pod: what its training is given."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import run, tfrecords, train
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, dump_experiment, load_experiment
from tf_happywhale.disk.files import write_text
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.training import loop, trainer
from tf_happywhale.training.fold_data import NOBODY, FoldData

TEACHERS = {"narrow": 4, "wide": 16}  # and the length of their embeddings


@pytest.fixture(scope="module")
def place(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records, and what two teachers with two folds each say of the images. An image to identify is
    a copy of one of fold 0."""
    folder = tmp_path_factory.mktemp("students")
    shutil.copytree(pod, folder / "data")
    (folder / "data" / "boxes.csv").unlink()  # whole pictures: the copy's box is another's
    data = load_data(experiment(folder))
    seen = data.images[int(np.flatnonzero(data.folds == 0)[1])]
    shutil.copy(data.train_folder / seen, data.test_folder / data.test_images[2])
    tfrecords.main("write", experiment(folder))
    rng = np.random.default_rng(0)
    for name, width in TEACHERS.items():
        for fold in (0, 1):
            about = {"trained_on": all_but(fold, "records", data.fold_of), "fold": str(fold)}
            home = folder / "out" / name / f"fold{fold}" / "embeddings"
            for split, images in (("train", data.images), ("test", data.test_images)):
                rows = rng.normal(size=(len(images), width)).astype(np.float32)
                who = np.array([""] * len(images))
                save_embeddings(
                    home / f"{split}.npz", Embeddings(rows, np.array(images), who, about)
                )
    return folder


def experiment(folder: Path, *overrides: str) -> Experiment:
    places = [f"data.root={folder / 'data'}", f"output={folder / 'out'}", "data.folds=2"]
    return load_experiment(None, [*QUICK, *places, *overrides])


def student(place: Path, *overrides: str, names: tuple[str, ...] = tuple(TEACHERS)) -> Experiment:
    named = ", ".join(f"{{path: {place / 'out' / name}}}" for name in names)
    return experiment(place, "name=student", f"train.teachers=[{named}]", *overrides)


@pytest.fixture
def tasks(monkeypatch) -> list[FoldData]:
    """What each training was given; nothing is trained."""
    given: list[FoldData] = []

    def leave_files(folder: Path, settings: Experiment, data: FoldData, **_) -> None:
        given.append(data)
        write_text(folder / "config.yaml", dump_experiment(settings))
        for name in ("model.keras", "classifier.keras", "metrics.json"):
            write_text(folder / name, "")

    monkeypatch.setattr(loop, "train_fold", leave_files)
    return given


def test_each_fold_learns_from_the_teachers_that_have_not_seen_it(place, tasks, capsys):
    train.main(student(place, "fold=all"))
    for fold, data in enumerate(tasks):
        assert data.fold == fold
        images = data.training()[0]
        assert len(data.teachers.targets) == len(images)
        wide = load_embeddings(place / "out" / "wide" / f"fold{fold}" / "embeddings" / "train.npz")
        own = wide.embedding[wide.image.tolist().index(images[0])]
        first = data.teachers.sides[0].tile(np.arange(1))[0, TEACHERS["narrow"] :]
        np.testing.assert_allclose(first * np.sqrt(2), own / np.linalg.norm(own), rtol=1e-4)
    train.main(student(place, "fold=all"))
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
    test = load_embeddings(place / "out" / "narrow" / "fold0" / "embeddings" / "test.npz")
    own = test.embedding[test.image.tolist().index(task.more_images[0])]
    first = task.teachers.sides[1].tile(np.arange(1))[0, : TEACHERS["narrow"]]
    np.testing.assert_allclose(first * np.sqrt(2), own / np.linalg.norm(own), rtol=1e-4)
    with (place / "out" / "more" / "fold0" / "made_from.csv").open(encoding="utf-8") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert {rows[image]["individual_id"] for image in task.more_images} == {""}


def test_a_round_of_predictions_labels_some_and_leaves_the_others_to_the_teachers(
    place: Path, monkeypatch
):
    """Trained indeed, from photographs to a submission."""
    tasks, real = [], loop.train_fold

    def watched(folder: Path, settings: Experiment, data: FoldData, **options) -> dict:
        tasks.append(data)
        return real(folder, settings, data, **options)

    monkeypatch.setattr(loop, "train_fold", watched)
    monkeypatch.setattr(trainer, "build_embedder", small_network.build)
    rounds = ["name=rounds", "train.unlabelled=true", "pseudo.rounds=1", "pseudo.confidence=0.3"]
    run.main(student(place, *rounds))
    first, second = tasks
    assert set(first.more_images) == set(second.more_images)
    assert set(first.more_targets) == {NOBODY}
    assert (np.asarray(second.more_targets) != NOBODY).any()


def test_changed_teachers_are_noticed(place, tasks, capsys):
    settings = student(place, "name=changed")
    train.main(settings)
    moved = place / "out" / "moved"
    shutil.copytree(place / "out" / "wide", moved)
    elsewhere = student(place, "name=changed", names=("narrow", "moved"))
    train.main(elsewhere)
    assert len(tasks) == 1  # where they lie does not matter
    file = moved / "fold0" / "embeddings" / "train.npz"
    said = load_embeddings(file)
    changed = np.array(said.embedding)
    changed[said.image.tolist().index(tasks[0].training()[0][0])] += 0.1
    save_embeddings(file, Embeddings(changed, said.image, said.individual_id, said.about))
    for asked, why in (
        (elsewhere, "what train.teachers say of the images, or their weights, has changed"),
        (experiment(place, "name=changed"), "nobody teaches it, and train.teachers did before"),
        (settings, "train.teachers teach it, and nobody did before"),
    ):
        train.main(asked)
        assert why in capsys.readouterr().out
    assert len(tasks) == 4


def test_an_unfinished_training_with_other_teachers_is_not_resumed(place, monkeypatch):
    def killed(folder: Path, settings: Experiment, data: FoldData, **_) -> None:
        write_text(folder / "config.yaml", dump_experiment(settings))
        write_text(folder / "checkpoints" / "step-000000002.safetensors", "")
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train_fold", killed)
    for _ in range(2):  # the same teachers go on
        with pytest.raises(KeyboardInterrupt):
            train.main(student(place, "name=stopped"))
    with pytest.raises(InputError, match=r"unfinished training of something else: what train\.tea"):
        train.main(student(place, "name=stopped", names=("wide",)))


def test_before_the_first_fold_is_trained_every_folds_teachers_are_asked(place, tasks):
    one = student(place, "name=refused", "fold=all", names=("narrow", "wide/fold0"))
    with pytest.raises(ConfigError, match=r"wide.fold0 was trained on fold 1 of this catalogue"):
        train.main(one)
    assert not tasks
