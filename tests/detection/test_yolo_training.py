"""With a stand-in for ultralytics; the real one: with_ultralytics.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tf_happywhale.config import Detect
from tf_happywhale.detection import yolo_training
from tf_happywhale.detection.yolo_training import CHECKPOINT, NOTE, begin, train_network, was_begun
from tf_happywhale.errors import InputError


class Learner:
    """Stands in for a YOLO: its weights say what it started from and the epochs it did."""

    def __init__(self, model: str | Path) -> None:
        self.start, self.callbacks, self.asked = str(model), {}, {}
        self.stop_after = 99

    def add_callback(self, event: str, call: Any) -> None:
        self.callbacks[event] = call

    def train(self, **asked: Any) -> None:
        self.asked = asked
        learnt = Path(self.start).read_text() if asked["resume"] else ""
        last = Path(asked["save_dir"]) / "weights" / "last.pt"
        self.trainer = SimpleNamespace(last=last)
        last.parent.mkdir(parents=True, exist_ok=True)
        for epoch in range(len(learnt), asked["epochs"]):
            learnt += str(epoch)
            last.write_text(learnt)
            trainer = SimpleNamespace(epoch=epoch, epochs=asked["epochs"], last=last)
            self.callbacks["on_model_save"](trainer)
            if epoch == self.stop_after:
                last.write_text("half")
                raise KeyboardInterrupt


@pytest.fixture
def learners(monkeypatch: pytest.MonkeyPatch) -> list[Learner]:
    made: list[Learner] = []

    def load(model: str | Path, home: Path) -> Learner:
        made.append(Learner(model))
        made[-1].stop_after = 2 if len(made) == 1 else 99
        return made[-1]

    monkeypatch.setattr(yolo_training, "load_yolo", load)
    return made


def test_stopped_it_goes_on_after_its_last_whole_epoch(
    learners: list[Learner], tmp_path: Path
) -> None:
    settings, folder, weights = Detect(epochs=5), tmp_path / "training", tmp_path / "weights.pt"
    folder.mkdir()
    places = (tmp_path / "fold0.yaml", weights, folder, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_network(*places, settings, 1)
    assert not weights.exists()
    train_network(*places, settings, 1)
    assert [learner.start for learner in learners] == ["yolov5x6u", str(folder / CHECKPOINT)]
    assert [learner.asked["resume"] for learner in learners] == [False, True]
    assert weights.read_text() == "01234"  # three epochs of the first, two of the second
    assert not (folder / CHECKPOINT).exists()


def test_stopped_after_the_last_epoch_that_one_is_done_again(
    learners: list[Learner], tmp_path: Path
) -> None:
    """Ultralytics resumes nothing that has no epoch left."""
    settings, folder, weights = Detect(epochs=3), tmp_path / "training", tmp_path / "weights.pt"
    folder.mkdir()
    places = (tmp_path / "fold0.yaml", weights, folder, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_network(*places, settings, 1)
    assert (folder / CHECKPOINT).read_text() == "01"
    train_network(*places, settings, 1)
    assert weights.read_text() == "012"


def test_a_checkpoint_that_cannot_be_read_is_begun_again(
    learners: list[Learner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / CHECKPOINT).write_text("torn")
    readable = yolo_training.load_yolo

    def load(model: str | Path, home: Path) -> Learner:
        if Path(model).name == CHECKPOINT:
            raise InputError("It cannot be loaded.")
        return readable(model, home)

    monkeypatch.setattr(yolo_training, "load_yolo", load)
    weights = tmp_path / "weights.pt"
    train_network(tmp_path / "f.yaml", weights, folder, tmp_path, Detect(epochs=2), 1)
    assert weights.read_text() == "01"
    assert "begins again" in capsys.readouterr().out


def test_only_what_asked_for_the_same_is_gone_on_with(tmp_path: Path) -> None:
    folder, weights = tmp_path / "training", tmp_path / "weights.pt"
    assert not was_begun(folder, {"epochs": 3})
    begin(folder, {"epochs": 3}, [weights])
    (folder / CHECKPOINT).write_text("learnt")
    weights.write_text("learnt")
    assert was_begun(folder, {"epochs": 3})
    assert not was_begun(folder, {"epochs": 4})
    begin(folder, {"epochs": 4}, [weights])
    assert was_begun(folder, {"epochs": 4})
    assert not (folder / CHECKPOINT).exists() and not weights.exists()


def test_in_a_linked_folder_no_checkpoint_stays(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    folder = tmp_path / "training"
    folder.symlink_to(tmp_path / "scratch")
    (folder / CHECKPOINT).write_text("learnt")
    begin(folder, {"epochs": 3}, [])
    assert not (folder / CHECKPOINT).exists()


def test_what_cannot_be_taken_away_promises_nothing(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").mkdir()
    with pytest.raises(OSError):
        begin(tmp_path / "training", {"epochs": 3}, [tmp_path / "weights.pt"])
    assert not was_begun(tmp_path / "training", {"epochs": 3})


@pytest.mark.parametrize("note", ["", "{", "[]", '{"digest": 1}'])
def test_a_damaged_note_is_no_promise(tmp_path: Path, note: str) -> None:
    begin(tmp_path, {"epochs": 3}, [])
    (tmp_path / NOTE).write_text(note)
    assert not was_begun(tmp_path, {"epochs": 3})
