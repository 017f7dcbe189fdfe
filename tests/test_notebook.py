from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tf_happywhale import backend, notebook
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.derived import with_derived
from tf_happywhale.errors import ConfigError
from tf_happywhale.notebook import choose_backend, notebook_experiment

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    """A machine of Kaggle's with nothing attached."""
    for name in ("input", "working"):
        (tmp_path / "kaggle" / name).mkdir(parents=True)
    return tmp_path / "kaggle"


def attach(kaggle: Path, place: str, files: dict[str, str], time: int = 1) -> Path:
    """Files attached to a notebook, all changed at one time."""
    for name, text in files.items():
        file = kaggle / "input" / place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (time, time))
    return kaggle / "input" / place


def start(kaggle: Path, *keys: str, name: str = "demo") -> Experiment:
    return notebook_experiment(CONFIGS, name, keys, kaggle)


def test_elsewhere_it_is_the_config_as_the_commands_have_it(tmp_path: Path, capsys) -> None:
    keys = [f"output={tmp_path / 'out'}", "train.epochs=2"]
    experiment = notebook_experiment(CONFIGS, "", keys, tmp_path / "nothing")
    assert experiment == load_experiment(CONFIGS / "demo.yaml", keys)
    assert load_experiment(tmp_path / "out" / "experiment.yaml") == experiment
    assert "demo: the synthetic pod, lite0 at 128 pixels" in capsys.readouterr().out


def test_settings_are_derived_as_by_a_command(pod: Path, tmp_path: Path) -> None:
    keys = [f"output={tmp_path / 'out'}", f"data.root={pod}", "derive=true", "train.device=cpu"]
    experiment = notebook_experiment(CONFIGS, "", keys, tmp_path / "nothing")
    assert experiment == with_derived(load_experiment(CONFIGS / "demo.yaml", keys))
    assert experiment != load_experiment(CONFIGS / "demo.yaml", keys)


def test_settings_are_not_derived_from_boxes_that_are_still_to_be_drawn(
    pod: Path, tmp_path: Path
) -> None:
    keys = [f"output={tmp_path / 'out'}", f"data.root={pod}", "derive=true", "train.device=cpu"]
    notebook_experiment(CONFIGS, "", [*keys, "detect.models=[one]"], tmp_path / "nothing")
    assert not (tmp_path / "out" / "derived.yaml").exists()


def test_without_photographs_kaggle_draws_the_pod_and_stops_in_time(kaggle: Path) -> None:
    experiment = start(kaggle, name="")
    assert (experiment.name, experiment.data.root) == ("demo", None)
    assert experiment.output == str(kaggle / "working" / "demo")
    assert experiment.train.max_hours == 8


@pytest.mark.parametrize("place", ["happy-whale-and-dolphin", "competitions/happy-whale"])
def test_photographs_that_are_attached_are_found(kaggle: Path, place: str) -> None:
    root = attach(kaggle, place, {"train.csv": "", "train_images/a.jpg": ""})
    experiment = start(kaggle, name="")
    assert (experiment.name, experiment.data.root) == ("original_b0_512", str(root))
    assert start(kaggle).data.root == str(root)  # the demo's config, on them


def test_the_pod_of_an_earlier_notebook_is_not_taken_for_photographs(kaggle: Path) -> None:
    attach(kaggle, "first", {"demo/pod/train_images/a.jpg": "", "demo/pod/pod.json": "{}"})
    assert start(kaggle).data.root is None


def test_what_the_keys_say_goes_before(kaggle: Path, tmp_path: Path) -> None:
    attach(kaggle, "whales", {"train_images/a.jpg": ""})
    places = [f"data.root={tmp_path}", f"output={tmp_path / 'out'}", "train.max_hours=2"]
    experiment = start(kaggle, *places)
    assert experiment.data.root == str(tmp_path)
    assert experiment.output == str(tmp_path / "out")
    assert experiment.train.max_hours == 2


def test_earlier_work_is_copied_and_its_records_stay_where_they_are(kaggle: Path) -> None:
    records = {"demo/records/pod-160-ab/COMPLETE": "", "demo/records/pod-160-ab/a.tfrec": "long"}
    second = attach(
        kaggle, "notebooks/me/second", {"demo/experiment.yaml": "", "demo/log": "2", **records}
    )
    attach(
        kaggle, "notebooks/me/third",
        {"demo/experiment.yaml": "", "demo/log": "3", "demo/demo/fold0/records/kept": ""}, time=2,
    )  # fmt: skip
    attach(kaggle, "notebooks/me/another", {"other/experiment.yaml": "", "other/mine": ""}, time=3)
    experiment = start(kaggle)
    output = kaggle / "working" / "demo"
    assert experiment.records.dir == str(second / "demo" / "records")
    assert (output / "log").read_text() == "3"  # of the later one
    assert (output / "demo" / "fold0" / "records" / "kept").is_file()
    assert not (output / "records").exists()
    assert not (output / "mine").exists()


def test_a_notebook_that_has_begun_keeps_its_own_work(kaggle: Path) -> None:
    records = {"demo/records/pod-160-ab/COMPLETE": ""}
    attach(kaggle, "second", {"demo/experiment.yaml": "", "demo/log": "2", **records})
    first = start(kaggle)
    (kaggle / "working" / "demo" / "log").write_text("4")
    assert start(kaggle) == first
    assert (kaggle / "working" / "demo" / "log").read_text() == "4"


def test_a_copy_of_earlier_work_that_broke_off_is_made_again(kaggle: Path, monkeypatch) -> None:
    attach(kaggle, "second", {"demo/experiment.yaml": "", "demo/a": "whole", "demo/b": "too"})
    whole = shutil.copytree

    def full_disk(source, target, **more) -> None:
        whole(source, target, **more)
        (Path(target) / "a").write_text("wh")
        raise shutil.Error("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", full_disk)
        with pytest.raises(shutil.Error):
            start(kaggle)
    start(kaggle)
    assert (kaggle / "working" / "demo" / "a").read_text() == "whole"


def test_records_that_were_not_finished_are_written_anew(kaggle: Path) -> None:
    attach(kaggle, "second", {"demo/experiment.yaml": "", "demo/records/pod-160-ab/a.tfrec": ""})
    assert start(kaggle).records.dir is None


def test_boxes_that_the_detector_has_drawn_are_used(kaggle: Path) -> None:
    attach(kaggle, "first", {"demo/experiment.yaml": "", "demo/detector/boxes.csv": ""})
    assert start(kaggle).data.boxes == str(kaggle / "working/demo/detector/boxes.csv")
    assert start(kaggle, "data.boxes=mine.csv").data.boxes == "mine.csv"


def test_a_config_that_is_not_there_is_one_sentence(kaggle: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no config file .*nothing\.yaml"):
        start(kaggle, name="nothing")


@pytest.mark.parametrize("by_jax", [False, True])
def test_keras_runs_on_jax_where_only_jax_can_use_the_tpu(
    monkeypatch: pytest.MonkeyPatch, by_jax: bool
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda name: name)
    monkeypatch.setattr(backend, "tensorflow_for_tpus", lambda: False)
    monkeypatch.setattr(backend, "jax_for_tpus", lambda: by_jax)
    chosen = "jax" if by_jax else "tensorflow"
    assert choose_backend() == os.environ["KERAS_BACKEND"] == chosen


def test_locks_and_what_is_half_written_are_not_copied_from_an_earlier_notebook() -> None:
    half = ["model.keras", ".report.lock", ".lock", ".model.12-abcdef.partial.keras", "records"]
    assert notebook._left_out(False, half) == {half[1], half[2], half[3]}
    assert notebook._left_out(True, half) == {*half[1:], notebook.KEPT}
