"""When a fold is trained again: the network itself is not asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import QUICK
from tf_happywhale import stages, tfrecords, train
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import ConfigError
from tf_happywhale.run import main as run
from tf_happywhale.training import loop
from tf_happywhale.training.run_folder import read_trained_on, write_trained_on


@pytest.fixture
def trainings(monkeypatch) -> list[str]:
    """The stamps of the folds that were trained."""
    stamps: list[str] = []

    def leave_files(run: Path, settings: Experiment, task, *, stamp: str, started: float) -> None:
        stamps.append(stamp)
        run.mkdir(parents=True, exist_ok=True)
        for name in ("model.keras", "classifier.keras", "metrics.json"):
            (run / name).write_text("", encoding="utf-8")
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


def test_checkpoints_go_when_the_stage_is_stamped_and_not_before(
    pod: Path, tmp_path: Path, trainings: list[str], monkeypatch
) -> None:
    experiment = load_experiment(None, [*QUICK, f"data.root={pod}", f"output={tmp_path}"])
    tfrecords.main("write", experiment)
    checkpoints = tmp_path / "quick" / "fold0" / "checkpoints"

    def killed(file: Path, value: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stages, "write_json", killed)
        train.main(experiment)
    assert len(list(checkpoints.iterdir())) == 3
    train.main(experiment)
    assert [file.name for file in checkpoints.iterdir()] == ["best.weights.h5"]
    assert len(trainings) == 2


def test_mixed_embeddings_train_again_and_none_are_as_before_there_were_any(
    pod: Path, tmp_path: Path, trainings: list[str]
) -> None:
    keys = [*QUICK, f"data.root={pod}", f"output={tmp_path}"]
    tfrecords.main("write", load_experiment(None, keys))
    for mixup in ("0", "0.0", "0.2"):
        train.main(load_experiment(None, [*keys, f"train.embedding_mixup={mixup}"]))
    assert len(set(trainings)) == len(trainings) == 2
    config = load_experiment(None, keys).model_dump(mode="json")
    assert "embedding_mixup" not in train._without_limits(config)["train"]


def stamped(*overrides: str) -> dict:
    dumped = load_experiment(None, list(overrides)).model_dump(mode="json")
    return train._without_limits(dumped)


@pytest.mark.parametrize(
    "override", ["train.device=cpu", "train.max_hours=9", "train.steps_per_execution=8"]
)
def test_a_run_goes_on_on_other_devices_and_with_other_limits(override: str) -> None:
    assert stamped(override) == stamped()


def test_a_precision_that_is_asked_for_is_another_run() -> None:
    assert "precision" not in stamped()["train"]  # as before there was the key
    assert stamped("train.precision=bfloat16") != stamped()


def test_several_workers_do_not_run_the_other_stages(monkeypatch) -> None:
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 0}}')
    with pytest.raises(ConfigError, match=r"share the training only: start `python -m .*train`"):
        run(load_experiment(None, ["seed=1"]))


def test_a_worker_that_is_not_the_chief_takes_no_checkpoints_away(
    pod: Path, tmp_path: Path, trainings: list[str], monkeypatch
) -> None:
    experiment = load_experiment(None, [*QUICK, f"data.root={pod}", f"output={tmp_path}"])
    tfrecords.main("write", experiment)
    checkpoints = tmp_path / "quick" / "fold0" / "checkpoints"
    for index, left in ((1, 3), (0, 1)):
        task = f'"task": {{"type": "worker", "index": {index}}}'
        monkeypatch.setenv("TF_CONFIG", f'{{"cluster": {{"worker": ["a:1", "b:1"]}}, {task}}}')
        train.main(experiment)
        assert len(list(checkpoints.iterdir())) == left
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
