"""Rounds of training on predictions, end to end on a small pod."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import embed, pseudo, run, train
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.records.plan import plan_records
from tf_happywhale.training import loop, trainer
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.pseudo_labels.labelling import read_thumbnails

ROUNDS = ["pseudo.rounds=1", "pseudo.confidence=0", "rank.threshold=0.5"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def place(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pod in which one image to identify is a copy of one of fold 0."""
    folder = tmp_path_factory.mktemp("rounds")
    shutil.copytree(pod, folder / "data")
    (folder / "data" / "boxes.csv").unlink()  # whole pictures: the copy's box is another's
    data = load_data(experiment(folder))
    seen = data.images[int(np.flatnonzero(data.folds == 0)[1])]
    shutil.copy(data.train_folder / seen, data.test_folder / data.test_images[2])
    return folder


def experiment(folder: Path, *overrides: str) -> Experiment:
    places = [f"data.root={folder / 'data'}", f"output={folder / 'out'}"]
    return load_experiment(None, [*QUICK, *places, *ROUNDS, *overrides])


@pytest.fixture(scope="module")
def trained(place: Path) -> tuple[Path, list[FoldData]]:
    """Everything, run once, and what each training was given."""
    tasks, real = [], loop.train_fold

    def watched(folder: Path, settings: Experiment, data: FoldData, **options) -> dict:
        tasks.append(data)
        return real(folder, settings, data, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "train_fold", watched)
        patch.setattr(trainer, "build_embedder", small_network.build)
        run.main(experiment(place))
    return place / "out", tasks


def test_the_second_training_has_the_predictions_and_the_first_has_not(trained) -> None:
    output, (first, second) = trained
    labels = rows(output / "quick-round1" / "fold0" / "pseudo.csv")
    assert first.more_images == []
    assert second.more_images == [row["image"] for row in labels]
    order = sorted(set(first.individual_ids))
    assert [order[target] for target in second.more_targets] == [r["individual_id"] for r in labels]
    # Never in the gallery, never in validation: the catalogue is what it was.
    assert second.images == first.images
    assert not set(second.images) & set(second.more_images)
    assert (second.folds == first.folds).all()
    images, targets = second.training()
    assert (
        set(images) & {i for i, f in zip(second.images, second.folds, strict=True) if f == 0}
        == set()
    )
    assert len(images) == len(targets) == (first.folds != 0).sum() + len(labels)


def test_a_copy_of_a_validation_picture_is_left_out(place: Path, trained) -> None:
    """At a confidence of 0 every other image to identify is taken, or is a near copy itself."""
    output, _ = trained
    data = load_data(experiment(place))
    taken = {row["image"] for row in rows(output / "quick-round1" / "fold0" / "pseudo.csv")}
    assert data.test_images[2] not in taken
    assert taken < set(data.test_images)
    records = plan_records(experiment(place), data).folder
    validation = [i for i, fold in zip(data.images, data.folds, strict=True) if fold == 0]
    asked = read_thumbnails(records, "test", data.test_images)
    likeness = (asked @ read_thumbnails(records, "train", validation).T).max(axis=1)
    assert likeness[2] > 0.99
    expected = {i for i, alike in zip(data.test_images, likeness, strict=True) if alike < 0.9}
    assert taken == expected


def test_labels_are_of_the_other_folds_individuals_with_their_species(place: Path, trained) -> None:
    output, _ = trained
    data = load_data(experiment(place))
    species = dict(zip(data.individual_ids, data.catalogue["species"], strict=True))
    known = {i for i, fold in zip(data.individual_ids, data.folds, strict=True) if fold != 0}
    for row in rows(output / "quick-round1" / "fold0" / "pseudo.csv"):
        assert row["individual_id"] in known
        assert row["species"] == species[row["individual_id"]]
        assert 0 <= float(row["confidence"]) <= 1


def test_the_last_round_ranks_and_nothing_is_done_twice(place: Path, trained, capsys) -> None:
    output, _ = trained
    assert (output / "quick-round1" / "fold0" / "embeddings" / "test.npz").is_file()
    settings = (output / "quick-round1" / "fold0" / "config.yaml").read_text(encoding="utf-8")
    assert "round: 1" in settings
    asked = load_data(experiment(place)).test_images
    assert [row["image"] for row in rows(output / "submission.csv")] == asked
    run.main(experiment(place))
    said = capsys.readouterr().out
    assert "…" not in said
    for name in ("train quick fold 0", "pseudo quick-round1 fold 0", "train quick-round1 fold 0"):
        assert f"{name}: up to date" in said
    assert f"model: {output / 'quick-round1' / 'fold0'}\n" in said
    assert json.loads((output / "metrics.json").read_text())["fold0"]["queries_known"] > 0


def test_which_rounds_rank_changes_no_labels(place: Path, trained, capsys) -> None:
    """Other labels would train the round again."""
    every = experiment(place, "rank.rounds=all")
    pseudo.main(every)
    train.main(every)
    said = capsys.readouterr().out
    assert "pseudo quick-round1 fold 0: up to date" in said
    assert "train quick-round1 fold 0: up to date" in said


def test_a_round_without_its_labels_is_one_sentence(place: Path, tmp_path: Path, trained) -> None:
    elsewhere = experiment(place, f"output={tmp_path}", f"records.dir={place / 'out' / 'records'}")
    with pytest.raises(InputError, match=r"`python -m tf_happywhale\.pseudo` .* pseudo\.round=0;"):
        train.main(elsewhere)
    with pytest.raises(InputError, match=r"run `python -m tf_happywhale\.embed`"):
        pseudo.main(elsewhere)
    with pytest.raises(InputError, match="There is no model"):
        embed.main(elsewhere)
    with pytest.raises(ConfigError, match=r"set pseudo\.rounds=1"):
        pseudo.main(experiment(place, "pseudo.rounds=0"))


def test_labels_of_another_catalogue_are_refused(place: Path, tmp_path: Path, trained) -> None:
    elsewhere = experiment(place, f"output={tmp_path}", f"records.dir={place / 'out' / 'records'}")
    file = tmp_path / "quick-round1" / "fold0" / "pseudo.csv"
    file.parent.mkdir(parents=True)
    asked = load_data(elsewhere).test_images[0]
    for line in (f"{asked},nobody,1", "elsewhere.jpg,00001,1"):
        file.write_text(f"image,individual_id,confidence\n{line}\n", encoding="utf-8")
        with pytest.raises(InputError, match="not of these images and individuals"):
            train.main(elsewhere)


def test_an_image_labelled_twice_is_one_sentence(place: Path, tmp_path: Path, trained) -> None:
    elsewhere = experiment(place, f"output={tmp_path}", f"records.dir={place / 'out' / 'records'}")
    file = tmp_path / "quick-round1" / "fold0" / "pseudo.csv"
    file.parent.mkdir(parents=True)
    data = load_data(elsewhere)
    line = f"{data.test_images[0]},{data.order[0]},1\n"
    file.write_text(f"image,individual_id,confidence\n{line}{line}", encoding="utf-8")
    with pytest.raises(InputError, match=f"labels {data.test_images[0]} twice: run"):
        train.main(elsewhere)


def test_labels_made_under_other_folds_or_settings_are_refused(place: Path, trained) -> None:
    """As when the folds have changed, and `train` is run alone: some of what would now be the
    validation fold has taught who is in these images."""
    train.main(experiment(place))  # as they were made: up to date
    folder = shutil.copytree(place, place.parent / f"{place.name}-changed")
    catalogue = folder / "data" / "train.csv"
    lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
    catalogue.write_text("".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    for changed in (experiment(folder), experiment(place, "pseudo.duplicate=0.8")):
        with pytest.raises(InputError, match=r"made from other folds, models or settings .*pseudo"):
            train.main(changed)


def test_a_later_round_does_not_confirm_what_its_model_was_trained_on(place, trained) -> None:
    output, _ = trained
    first = rows(output / "quick-round1" / "fold0" / "pseudo.csv")
    pseudo.main(experiment(place, "pseudo.rounds=2"))
    second = {row["image"]: row for row in rows(output / "quick-round2" / "fold0" / "pseudo.csv")}
    kept = [row for row in first if row["image"] in second]
    assert kept
    assert [second[row["image"]] for row in kept] == kept  # who, and how surely
    assert set(second) <= {row["image"] for row in first}  # all others are the fold's own pictures


def test_a_later_round_needs_the_labels_its_model_was_trained_on(place, trained) -> None:
    output, _ = trained
    with pytest.raises(InputError, match=r"other folds, models or settings .* pseudo\.round=1"):
        pseudo.main(experiment(place, "pseudo.rounds=2", "pseudo.duplicate=0.8"))
    file = output / "quick-round1" / "fold0" / "pseudo.csv"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(text.replace(",0.", ",much", 1), encoding="utf-8")
        with pytest.raises(InputError, match="a confidence that is not a number"):
            train.main(experiment(place))
    finally:
        file.write_text(text, encoding="utf-8")


def test_a_second_training_resumes_from_the_first_with_its_own_settings(
    place: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(trainer, "build_embedder", small_network.build)
    further = "pseudo.settings={train.epochs: 2, train.first_size: 32}"
    places = [f"output={tmp_path}", f"records.dir={place / 'out' / 'records'}"]
    run.main(experiment(place, *places, "pseudo.resume=true", further))
    first, second = (tmp_path / name / "fold0" for name in ("quick", "quick-round1"))
    made = json.loads((second / "made_from.json").read_text(encoding="utf-8"))
    assert made["weights"] == sha256(first / "model.keras")
    assert made["config"]["train.epochs"] == 2
    assert len(rows(second / "log.csv")) == 2
    assert len(rows(first / "log.csv")) == 1
    first.joinpath("model.keras").unlink()
    with pytest.raises(InputError, match=r"There is no model .*model\.keras"):
        train.main(experiment(place, *places, "pseudo.resume=true", "train.restart=true", further))
