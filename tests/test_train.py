"""When a fold is trained again: the network itself is not asked."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import stages, tfrecords, train
from tf_happywhale.config import Experiment, dump_experiment, keys, load_experiment
from tf_happywhale.disk import swap
from tf_happywhale.disk.files import write_text
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.inference.which_model.trained_models import is_run
from tf_happywhale.run import main as run
from tf_happywhale.run_folders.contents import OUTPUTS, read_trained_on, settle, write_trained_on
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import loop, trainer
from tf_happywhale.training.resume.checkpoint_files import is_begun
from tf_happywhale.training.resume.made_from import FREE, SECTIONS, flat


@pytest.fixture
def trainings(monkeypatch) -> list[str]:
    """The stamps of the folds that were trained; a model's content is the number of its training,
    and its config is written as the real one is."""
    stamps: list[str] = []

    def leave_files(run: Path, settings: Experiment, task, *, stamp: str, started: float) -> None:
        stamps.append(stamp)
        write_text(run / "config.yaml", dump_experiment(settings))
        for name in ("model.keras", "classifier.keras", "metrics.json", "log.jsonl"):
            (run / name).write_text(str(len(stamps)), encoding="utf-8")
        (run / "checkpoints").mkdir(exist_ok=True)
        for name in (
            "step-000000002.safetensors",
            "best-epoch-00000.weights.h5",
            "best.weights.h5",
        ):
            (run / "checkpoints" / name).write_text("", encoding="utf-8")

    monkeypatch.setattr(loop, "train_fold", leave_files)
    return stamps


def test_a_changed_species_trains_again_where_a_head_learns_it(
    pod: Path, tmp_path: Path, trainings: list[str]
) -> None:
    shutil.copytree(pod, tmp_path / "data")
    table = tmp_path / "data" / "train.csv"
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    place = header.split(",").index("species")

    def write_species(names: tuple[str, str]) -> None:
        rows = [line.split(",") for line in lines]
        who = header.split(",").index("individual_id")
        first = min(row[who] for row in rows)
        for row in rows:
            row[place] = names[row[who] == first]
        table.write_text("\n".join([header, *map(",".join, rows)]) + "\n", encoding="utf-8")

    places = [f"data.root={tmp_path / 'data'}", f"output={tmp_path / 'out'}"]
    with_head = load_experiment(None, [*QUICK, *places, "model.species_weight=0.5", "name=two"])
    without = load_experiment(None, [*QUICK, *places])
    write_species(("dolphin", "dolphin"))
    tfrecords.main("write", without)
    for experiment in (with_head, without):
        train.main(experiment)
        train.main(experiment)
    assert len(trainings) == 2
    write_species(("dolphin", "orca"))
    train.main(without)
    assert len(trainings) == 2
    train.main(with_head)
    assert len(trainings) == 3
    assert trainings[2] != trainings[0]


def test_an_individual_whom_nobody_could_read_has_a_species_still(
    pod: Path, tmp_path: Path, trainings: list[str]
) -> None:
    shutil.copytree(pod, tmp_path / "data")
    rows = (tmp_path / "data" / "train.csv").read_text(encoding="utf-8").splitlines()
    place = rows[0].split(",").index("individual_id")
    whose = [row.split(",")[place] for row in rows[1:]]
    only = next(row for row, who in zip(rows[1:], whose, strict=True) if whose.count(who) == 1)
    (tmp_path / "data" / "train_images" / only.split(",")[0]).write_bytes(b"no picture")
    experiment = load_experiment(
        None,
        [
            *QUICK,
            f"data.root={tmp_path / 'data'}",
            f"output={tmp_path / 'out'}",
            "model.species_weight=0.5",
            "records.skip_unreadable=true",
        ],
    )
    tfrecords.main("write", experiment)
    train.main(experiment)
    assert len(trainings) == 1


def test_killed_before_the_stage_is_noted_nothing_is_trained_twice(
    pod: Path, tmp_path: Path, trainings: list[str], monkeypatch
) -> None:
    experiment = load_experiment(None, [*QUICK, f"data.root={pod}", f"output={tmp_path}"])
    tfrecords.main("write", experiment)
    run_folder = tmp_path / "quick" / "fold0"

    def killed(file: Path, value: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stages, "write_json", killed)
        train.main(experiment)
    assert [file.name for file in (run_folder / "checkpoints").iterdir()] == ["best.weights.h5"]
    assert not (run_folder / "training").exists()
    train.main(experiment)
    assert len(trainings) == 1


def test_mixed_embeddings_train_again(pod: Path, tmp_path: Path, trainings: list[str]) -> None:
    keys = [*QUICK, f"data.root={pod}", f"output={tmp_path}"]
    tfrecords.main("write", load_experiment(None, keys))
    for mixup in ("0", "0.0", "0.2"):
        train.main(load_experiment(None, [*keys, f"train.embedding_mixup={mixup}"]))
    assert len(set(trainings)) == len(trainings) == 2


@pytest.mark.parametrize("key", sorted(FREE.keys() - {"train.restart", "model.weights"}))
def test_a_key_that_changes_no_weight_trains_nothing_again(key: str) -> None:
    section, _, name = key.partition(".")
    default = getattr(getattr(load_experiment(None, ["seed=1"]), section), name)
    special = {"device": "cpu", "max_hours": "9", "tensorboard": "true", "teachers": "[{path: a}]"}
    value = special.get(name)
    value = value or str(default + 3)
    other = load_experiment(None, ["seed=1", f"{key}={value}"])
    assert getattr(getattr(other, section), name) != default
    assert settings_of(other) == settings_of(load_experiment(None, ["seed=1"]))


def test_every_other_key_that_training_reads_is_part_of_what_it_is_made_from() -> None:
    """A new key counts, unless it is entered in FREE with its reason."""
    every = {key for key, _ in keys() if key.partition(".")[0] in SECTIONS}
    assert settings_of(load_experiment(None, ["seed=1"])).keys() == every - FREE.keys()
    assert every > FREE.keys()


def settings_of(experiment: Experiment) -> dict:
    return flat(experiment.model_dump(mode="json", include=SECTIONS))


def test_several_workers_do_not_run_the_other_stages(monkeypatch) -> None:
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 0}}')
    with pytest.raises(ConfigError, match=r"share the training only: start `python -m .*train`"):
        run(load_experiment(None, ["seed=1"]))


def test_a_worker_that_is_not_the_chief_moves_and_removes_nothing(
    pod: Path, tmp_path: Path, trainings: list[str], monkeypatch
) -> None:
    experiment = load_experiment(None, [*QUICK, f"data.root={pod}", f"output={tmp_path}"])
    tfrecords.main("write", experiment)
    run_folder = tmp_path / "quick" / "fold0"
    (run_folder / "training").mkdir(parents=True)
    for index, left in ((1, 3), (0, 1)):
        task = f'"task": {{"type": "worker", "index": {index}}}'
        monkeypatch.setenv("TF_CONFIG", f'{{"cluster": {{"worker": ["a:1", "b:1"]}}, {task}}}')
        if index == 0:
            shutil.rmtree(run_folder / "training")  # this test's chief comes after the other
        train.main(experiment)
        place = run_folder if index == 0 else run_folder / "training"
        assert len(list((place / "checkpoints").iterdir())) == left
    assert len(trainings) == 2  # no stamp of the first


def test_a_start_of_other_content_trains_again_and_one_that_judges_itself_is_refused(
    pod: Path, tmp_path: Path, trainings: list[str]
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    keys = [*QUICK, f"data.root={pod}", f"output={tmp_path}", f"model.weights={start}"]
    tfrecords.main("write", load_experiment(None, keys))
    for content in ("one", "one", "two"):
        (start / "model.keras").write_text(content, encoding="utf-8")
        train.main(load_experiment(None, keys))
    assert len(set(trainings)) == len(trainings) == 2
    write_trained_on(start, read_trained_on(tmp_path / "quick" / "fold0")[0], [])
    with pytest.raises(ConfigError, match="was trained on fold 1 of this catalogue"):
        train.main(load_experiment(None, [*keys, "fold=1"]))


class Killed(BaseException):
    """As if the process were gone."""


class Place:
    """An experiment on a copy of the pod whose records are written."""

    def __init__(self, pod: Path, folder: Path) -> None:
        self.data, self.output = folder / "data", folder / "out"
        shutil.copytree(pod, self.data)
        self.run = self.output / "quick" / "fold0"
        self.write()

    def experiment(self, *overrides: str) -> Experiment:
        places = [f"data.root={self.data}", f"output={self.output}"]
        return load_experiment(None, [*QUICK, *places, *overrides])

    def write(self) -> None:
        tfrecords.main("write", self.experiment())

    def train(self, *overrides: str) -> None:
        train.main(self.experiment(*overrides))

    def ask_another(self) -> None:
        """A further photograph to identify, and another box for one that there was."""
        asked = sorted((self.data / "test_images").iterdir())[0]
        shutil.copy(asked, asked.with_name(f"again{asked.suffix}"))
        with (self.data / "sample_submission.csv").open("a", encoding="utf-8") as table:
            table.write(f"again{asked.suffix},1 2 3 4 5\n")
        with (self.data / "boxes.csv").open("a", encoding="utf-8") as table:
            table.write(f"{asked.name},backfin,1,1,50,50,1,manual\n")
        self.write()

    def models(self) -> set[str]:
        """Of which training each result is; one only, or something is mixed."""
        return {(self.run / name).read_text() for name in OUTPUTS}

    def stop(self, monkeypatch, *overrides: str) -> None:
        """A training that is killed when it has a checkpoint."""

        def leave_half(run: Path, settings: Experiment, *_, **__) -> None:
            write_text(run / "config.yaml", dump_experiment(settings))
            write_text(run / "checkpoints" / "step-000000002.safetensors", "")
            raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(loop, "train_fold", leave_half)
            self.train(*overrides)

    def begun(self, folder: str = "training") -> bool:
        return is_begun(self.run / folder)


@pytest.fixture
def place(pod: Path, tmp_path: Path) -> Place:
    return Place(pod, tmp_path)


def test_photographs_to_identify_and_their_boxes_train_nothing_again(place, trainings) -> None:
    place.train()
    place.ask_another()
    place.train()
    assert len(list((place.output / "records").glob("*/COMPLETE"))) == 2
    assert len(trainings) == 1


def test_a_photograph_of_the_catalogue_and_its_box_train_again_and_are_named(
    place, trainings, capsys
) -> None:
    place.train()
    image = (place.data / "train.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    with (place.data / "boxes.csv").open("a", encoding="utf-8") as table:
        table.write(f"{image},backfin,1,1,50,50,1,manual\n")
    place.write()
    place.train()
    assert len(trainings) == 2
    assert (
        f"is trained again: {image} is changed (the picture or its box)\n"
        in capsys.readouterr().out
    )


def test_a_finished_model_stays_until_the_new_one_is_whole(
    place, trainings, monkeypatch, capsys
) -> None:
    place.train()
    place.stop(monkeypatch, "train.epochs=2")
    assert "is trained again: train.epochs is 2, was 1\n" in capsys.readouterr().out
    assert place.models() == {"1"}
    assert "epochs: 1\n" in (place.run / "config.yaml").read_text(encoding="utf-8")
    place.train()  # the finished one is what is asked for
    assert len(trainings) == 1
    assert place.begun()
    (place.run / "openvino").mkdir()
    place.train("train.epochs=2")  # the unfinished one is resumed
    assert place.models() == {"2"}
    assert "epochs: 2\n" in (place.run / "config.yaml").read_text(encoding="utf-8")
    assert not (place.run / "openvino").exists()  # which was made from the older model
    assert not (place.run / "training").exists()


def test_inputs_are_checked_before_a_finished_model_is_touched(place, trainings) -> None:
    place.train()
    before = {file: file.read_bytes() for file in place.run.rglob("*") if file.is_file()}
    shutil.rmtree(place.output / "records")
    with pytest.raises(InputError, match="holds no finished TFRecords"):
        place.train("train.epochs=2")
    assert {f: f.read_bytes() for f in place.run.rglob("*") if f.is_file()} == before


def test_an_unfinished_training_of_something_else_is_named_and_stays(
    place, trainings, monkeypatch
) -> None:
    place.stop(monkeypatch, "train.epochs=2")
    said = r"train\.epochs is 3, was 2; train\.head_rate is 2\.0, was 1\.0\. .*train\.restart=true"
    with pytest.raises(InputError, match=said):
        place.train("train.epochs=3", "train.head_rate=2")
    assert place.begun()
    place.train(
        "train.epochs=2", "train.validate_every=2", "train.max_bad_steps=99"
    )  # it is resumed
    assert place.models() == {"1"}


def test_a_given_up_training_is_kept_until_the_new_one_is_finished(
    place, trainings, monkeypatch
) -> None:
    place.stop(monkeypatch, "train.epochs=2")
    place.stop(monkeypatch, "train.epochs=3", "train.restart=true")
    assert place.begun()
    assert place.begun("given_up")
    place.train("train.epochs=3", "train.restart=true")  # the same again is resumed
    assert place.models() == {"1"}
    assert {path.name for path in place.run.iterdir()} == {
        *OUTPUTS, "checkpoints", "config.yaml", "log.jsonl", "made_from.csv", "made_from.json",
        "trained_on.json",
    }  # fmt: skip


def test_killed_while_the_new_model_moves_in_whoever_reads_next_ends_it(
    place, trainings, monkeypatch
) -> None:
    place.train()
    real = os.replace

    def killed(source, target) -> None:
        if Path(target) == place.run / "metrics.json":
            raise Killed
        real(source, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, "replace", killed)
        place.train("train.epochs=2")
    assert not is_run(place.run)  # neither the one nor the other, and never both mixed
    settle(place.run)
    assert place.models() == {"2"}
    assert is_run(place.run)
    place.train("train.epochs=2")
    assert len(trainings) == 2


def test_a_full_disk_when_all_is_trained_leaves_what_can_be_resumed(
    place, trainings, monkeypatch
) -> None:
    def full(file: Path, _: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(swap, "write_json", full)
        place.train()
    assert place.begun()
    place.train()
    assert place.models() == {"2"}
    assert [file.name for file in (place.run / "checkpoints").iterdir()] == ["best.weights.h5"]


def test_the_second_of_two_trainings_says_so_and_ends(place, trainings) -> None:
    with locked(place.run, "at work in"), pytest.raises(InputError, match=r"Another process is at"):
        place.train()
    assert trainings == []
    place.train()
    assert place.models() == {"1"}


def test_the_second_of_two_runs_says_so_and_ends(place) -> None:
    with (
        stages.locked_stage(place.output, "run"),
        pytest.raises(InputError, match=r"Another process is at the stage 'run' of .*wait until"),
    ):
        run(place.experiment())


def older_version(place: Place, folder: Path, *overrides: str) -> tuple[Experiment, str]:
    """What the version before `made_from.json` left of a training: its config, and its stamp."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.hashes import digest
    from tf_happywhale.records.plan import plan_records

    experiment = place.experiment(*overrides)
    tree = yaml.safe_load(dump_experiment(experiment))
    for key in ("restart", "tensorboard"):
        del tree["train"][key]
    tree["train"]["schedule"] = tree["train"]["schedule"].replace("original", "seed")
    write_text(folder / "config.yaml", yaml.safe_dump(tree, sort_keys=False))
    write_text(folder / "environment.json", "{}")
    write_text(folder / "log.jsonl", "")
    config = {name: tree[name] for name in ("seed", "image_size", "model", "train", "augment")}
    for key in ("checkpoint_minutes", "max_hours", "max_bad_steps", "device", "steps_per_execution",
                "precision", "embedding_mixup"):  # fmt: skip
        del config["train"][key]
    data = load_data(experiment)
    labels = [data.images, data.individual_ids, data.folds.tolist(), 0]
    records = plan_records(experiment, data).folder.name
    made_from = {"weights": None, "records": records, "labels": digest(labels), "pseudo": None}
    return experiment, digest({**made_from, "config": config})


def leave_older_model(place: Place, *overrides: str) -> None:
    """A finished model as the version before `made_from.json` left it."""
    _, stamp = older_version(place, place.run, *overrides)
    for name in OUTPUTS:
        write_text(place.run / name, "older")
    write_text(place.output / ".stages" / "train-quick-fold-0.json", json.dumps({"stamp": stamp}))


def test_an_earlier_versions_model_stays_when_there_is_more_to_identify(place, trainings) -> None:
    leave_older_model(place)
    place.ask_another()
    place.train()
    assert trainings == []
    image = sorted((place.data / "train_images").iterdir())[0].name
    with (place.data / "boxes.csv").open("a", encoding="utf-8") as table:
        table.write(f"{image},backfin,1,1,50,50,1,manual\n")
    place.write()
    place.train()  # the catalogue's examples are others now
    assert place.models() == {"1"}


def test_a_model_of_an_earlier_version_with_the_old_name_of_its_schedule(place, trainings) -> None:
    leave_older_model(place, "train.schedule=original")
    assert "schedule: seed" in (place.run / "config.yaml").read_text()
    place.train("train.schedule=original")
    assert trainings == []


def test_a_model_of_an_earlier_version_is_up_to_date(place, trainings, monkeypatch) -> None:
    leave_older_model(place)
    place.stop(monkeypatch, "train.epochs=2")
    assert place.models() == {"older"}
    place.train()
    place.train("train.validate_every=3")
    assert trainings == []
    place.train("train.epochs=2")
    assert place.models() == {"1"}


def test_an_unfinished_training_of_an_earlier_version_is_resumed_or_named(place, trainings) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    _, stamp = older_version(place, place.run, "train.epochs=2")
    (place.run / "checkpoints").mkdir()
    file = place.run / "checkpoints" / "step-000000002.safetensors"
    save_file({"a": np.zeros(1)}, file, {"stamp": stamp})
    with pytest.raises(InputError, match=r"something else: train\.epochs is 1, was 2\. Resume"):
        place.train()
    assert place.begun()
    place.train("train.epochs=2")
    assert trainings == [stamp]
    assert place.models() == {"1"}


def test_the_best_epoch_of_a_stopped_training_becomes_a_model(place, monkeypatch, capsys) -> None:
    epochs = ["train.epochs=3", "train.checkpoint_minutes=0"]
    monkeypatch.setattr(trainer, "build_embedder", small_network.build)
    with pytest.raises(InputError, match="There is no unfinished training"):
        train.handle("finish", place.experiment(*epochs))

    def log(run: Path, entry: dict) -> None:
        if entry["epoch"] == 2:
            raise Killed
        real(run, entry)

    real = loop.log
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop, "log", log)
        place.train(*epochs)
    entries = [
        json.loads(x) for x in (place.run / "training" / "log.jsonl").read_text().split("\n") if x
    ]
    best = max(entries, key=lambda entry: (entry["map5_known"], entry["epoch"]))
    weights = place.run / "training" / "checkpoints" / f"best-epoch-{best['epoch']:05d}.weights.h5"
    assert weights.is_file()
    with (place.run / "training" / "log.jsonl").open("a") as file:
        file.write('{"epoch": 2, "lo')  # a full disk, or a kill, in the middle of a line
    train.handle("finish", place.experiment("train.learning_rate=1e-5"))  # its own settings count
    assert "the best of 2 epochs; the training has ended" in capsys.readouterr().out
    assert json.loads((place.run / "metrics.json").read_text())["epoch"] == best["epoch"]
    assert is_run(place.run)
    assert not place.begun()
    load_model(place.run / "model.keras")
    place.train(*epochs)
    said = capsys.readouterr().out
    assert "was finished after 2 of 3 epochs; train.restart=true trains it again" in said
    assert "up to date" in said
    place.train(*epochs, "train.restart=true")
    assert len((place.run / "log.jsonl").read_text().splitlines()) == 3


def test_a_training_on_other_labels_is_not_finished(place, trainings, monkeypatch) -> None:
    place.stop(monkeypatch)
    table = place.data / "train.csv"
    head, first, *rows = table.read_text(encoding="utf-8").splitlines()
    image, species, _, *rest = first.split(",")
    table.write_text("\n".join([head, ",".join([image, species, "Z", *rest]), *rows]) + "\n")
    with pytest.raises(InputError, match=f"other data than there are now: {image} is of another"):
        train.handle("finish", place.experiment())
    assert place.begun()
