"""With a stand-in for ultralytics; the real one: with_ultralytics.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tf_happywhale.config import Detect
from tf_happywhale.detection import yolo_training
from tf_happywhale.detection.unfinished_training import CHECKPOINT
from tf_happywhale.detection.yolo_training import train_network
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


def test_a_stopped_training_resumes_after_its_last_complete_epoch(
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


def test_a_training_stopped_after_its_last_epoch_does_that_epoch_again(
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
