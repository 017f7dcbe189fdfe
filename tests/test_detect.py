"""The command without ultralytics; with it: tests/detection/with_ultralytics.py."""

from __future__ import annotations

import csv
import shutil
import struct
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import QUICK
from tf_happywhale import detect
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.detection import detector_training, export_onnx, prediction
from tf_happywhale.detection.box_choice import TOO_SMALL
from tf_happywhale.detection.detector_models import TRAINED_ON
from tf_happywhale.detection.unfinished_training import CHECKPOINT
from tf_happywhale.disk.locks import locked
from tf_happywhale.disk.swap import AT_WORK
from tf_happywhale.errors import Incomplete, InputError


class MiddleNetwork:
    """Stands in for a network: sees a fin in the middle half of a square, less sure where dark."""

    sources, side = ("backfin", "fullbody"), None

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        outputs = np.zeros((len(pictures), 6, 1), np.float32)
        side = pictures.shape[1]
        outputs[:, :4, 0] = side / 2, side / 2, side / 2, side / 4
        outputs[:, 4, 0] = pictures.mean(axis=(1, 2, 3)) / 255
        return outputs


@pytest.fixture
def experiment(pod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """A copy of the pod, and a fold's model that stands in for a real one."""
    shutil.copytree(pod, tmp_path / "data")
    fold = tmp_path / "out" / "detector" / "fold0"
    fold.mkdir(parents=True)
    (fold / "weights.pt").write_text("weights")
    (fold / TRAINED_ON).write_text("image\n")
    monkeypatch.setattr(prediction, "open_network", lambda weights, home: MiddleNetwork())
    places = [f"data.root={tmp_path / 'data'}", f"output={tmp_path / 'out'}"]
    return load_experiment(None, [*QUICK, *places, "detect.image_size=64", "detect.batch_size=4"])


def rows(experiment: Experiment, name: str) -> list[dict[str, str]]:
    path = Path(experiment.output) / "detector" / name
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_detected_boxes_are_boxes_of_the_catalogue_and_corrections_win(
    experiment: Experiment,
) -> None:
    detect.main("predict", experiment)
    path = Path(experiment.output) / "detector" / "boxes.csv"
    chosen = experiment.data.model_copy(update={"boxes": str(path.resolve())})
    whole = experiment.model_copy(update={"data": chosen})
    data = load_data(whole)
    assert set(data.boxes) == {*data.images, *data.test_images}
    first, second = data.images[:2]
    assert data.boxes[first] == Box(75, 65, 225, 140)  # of 300×200: the middle, ends rounded
    text = path.read_text(encoding="utf-8")
    start = text.index(first)
    line = text[start : text.index("\n", start)]
    path.write_text(text.replace(line, f"{first},backfin,1,2,30,40,,manual"), encoding="utf-8")
    for _ in range(2):
        detect.main("predict", experiment)
        boxes = load_data(whole).boxes
        assert boxes[first] == Box(1, 2, 30, 40)
        assert boxes[second] == Box(75, 65, 225, 140)
    detect.main("report", experiment)
    page = (path.parent / "report.html").read_text(encoding="utf-8")
    assert "drawn by a person" in page
    assert page.count("<figure>") == len(boxes)


def test_stopped_and_started_again_the_files_are_the_same(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect.main("predict", experiment)
    folder = Path(experiment.output) / "detector"
    files = [folder / "boxes.csv", folder / "without_box.csv"]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    shutil.rmtree(folder / "seen")

    class Killed(MiddleNetwork):
        calls = 0

        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            Killed.calls += 1
            if Killed.calls == 3:
                raise KeyboardInterrupt
            return super().__call__(pictures)

    monkeypatch.setattr(prediction, "open_network", lambda weights, home: Killed())
    with pytest.raises(KeyboardInterrupt):
        detect.main("predict", experiment)
    assert not any(file.exists() for file in files)
    detect.main("predict", experiment)
    assert [file.read_bytes() for file in files] == before


def test_weights_are_not_exchanged_while_they_are_exported(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The .onnx would lie beside weights that it was not made from."""
    exported = []

    def export(weights: Path, *_: object) -> None:
        training_meanwhile = locked(weights.parent, AT_WORK)
        with pytest.raises(InputError, match="Another process is at work"), training_meanwhile:
            pass
        exported.append(weights)

    monkeypatch.setattr(export_onnx, "export_network", export)
    detect.main("export", experiment)
    assert [weights.name for weights in exported] == ["weights.pt"]


def test_stopped_while_it_is_measured_a_model_is_not_trained_again(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Path(experiment.output) / "detector" / "fold0"
    exported, trained = fold / "weights.onnx", []
    exported.write_text("of the weights before")

    def train(data: Path, weights: Path, *others: object) -> None:
        assert exported.exists() == (not trained)  # until the new weights are whole
        assert (fold / "weights.pt").read_text() == ("new" if trained else "weights")
        assert not weights.exists()
        trained.append(data)
        weights.write_text("new")

    def measure(*asked: object) -> dict[str, float]:
        if len(measured) == 0:
            measured.append(asked)
            raise KeyboardInterrupt
        return dict.fromkeys(("precision", "recall", "AP50", "AP50:95"), 1.0)

    measured: list[tuple] = []
    monkeypatch.setattr(detector_training, "train_network", train)
    monkeypatch.setattr(detector_training, "measure_network", measure)
    monkeypatch.setattr(detector_training, "need_ultralytics", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        detect.main("train", experiment)
    assert (fold / "weights.pt").read_text() == "weights"
    detect.main("train", experiment)
    assert len(trained) == 1
    assert not exported.exists()
    same = experiment.detect.model_copy(update={"annotations": "boxes.csv"})  # said otherwise
    detect.main("train", experiment.model_copy(update={"detect": same}))
    assert len(trained) == 1
    longer = experiment.detect.model_copy(update={"epochs": 7})
    detect.main("train", experiment.model_copy(update={"detect": longer}))
    assert len(trained) == 2


def test_an_unfinished_training_of_something_else_is_named_and_stays(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Path(experiment.output) / "detector" / "fold0"
    checkpoint = fold / "next" / "training" / CHECKPOINT

    def killed(data: Path, weights: Path, *others: object) -> None:
        checkpoint.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(detector_training, "train_network", killed)
    monkeypatch.setattr(detector_training, "need_ultralytics", lambda: None)

    def train(**changes: object) -> None:
        asked = experiment.detect.model_copy(update=changes)
        detect.main("train", experiment.model_copy(update={"detect": asked}))

    with pytest.raises(KeyboardInterrupt):
        train()
    for _ in range(2):
        with pytest.raises(InputError, match=r"\(detect\.epochs is 7, was 30\): resume .*restart"):
            train(epochs=7)
        assert checkpoint.read_text() == "half"
        assert (fold / "weights.pt").read_text() == "weights"
    with pytest.raises(KeyboardInterrupt):
        train()
    checkpoint.write_text("whole")
    with pytest.raises(KeyboardInterrupt):
        train(epochs=7, restart=True)
    assert checkpoint.read_text() == "half"


def test_sources_that_no_model_knows_overwrite_nothing(experiment: Experiment) -> None:
    detect.main("predict", experiment)
    before = rows(experiment, "boxes.csv")
    asked = experiment.detect.model_copy(update={"sources": ("fluke",)})
    with pytest.raises(InputError, match="backfin and fullbody, none of which"):
        detect.main("predict", experiment.model_copy(update={"detect": asked}))
    assert rows(experiment, "boxes.csv") == before


def test_odd_photographs_have_a_row_or_a_reason_each(experiment: Experiment) -> None:
    folder = Path(experiment.data.root) / "test_images"
    light = np.full((40, 60, 3), 200, np.uint8)
    encoded = cv2.imencode(".jpg", light)[1].tobytes()
    tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + b"\0" * 4
    exif = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
    odd = {
        "empty.jpg": b"",
        "text.jpg": b"no picture",
        "cut.jpg": encoded[: len(encoded) // 2],
        "tiny.png": cv2.imencode(".png", light[:1, :1])[1].tobytes(),
        "huge.jpg": cv2.imencode(".jpg", np.full((4000, 6000), 200, np.uint8))[1].tobytes(),
        "grey.png": cv2.imencode(".png", light[..., 0])[1].tobytes(),
        "rotated.jpg": encoded[:2] + exif + encoded[2:],
    }
    for name, content in odd.items():
        (folder / name).write_bytes(content)
    with pytest.raises(Incomplete, match=r"^3 photographs cannot be read .*without_box\.csv"):
        detect.main("predict", experiment)
    boxed = {row["image"]: row for row in rows(experiment, "boxes.csv")}
    unread = {
        row["image"]: row["reason"]
        for row in rows(experiment, "without_box.csv")
        if row["source"] == ""
    }
    assert set(unread) == {"empty.jpg", "text.jpg", "cut.jpg"}
    assert "is cut off" in unread["cut.jpg"]
    small = [row for row in rows(experiment, "without_box.csv") if row["reason"] == TOO_SMALL]
    assert {row["image"] for row in small} == {"tiny.png"}  # it has one pixel
    assert set(odd) - set(unread) - {"tiny.png"} <= set(boxed)
    table = Path(experiment.output) / "detector" / "boxes.csv"
    assert {row.image for row in read_box_rows(table)} == set(boxed)

    def corners(name: str) -> list[float]:
        return [float(boxed[name][key]) for key in ("xmin", "ymin", "xmax", "ymax")]

    assert corners("huge.jpg") == pytest.approx([1500, 1250, 4500, 2750], abs=60)
    assert corners("rotated.jpg") == pytest.approx([5, 22.5, 35, 37.5], abs=1)  # 40 wide, 60 high


@pytest.mark.parametrize("verb", ["train", "predict", "export"])
def test_without_ultralytics_one_sentence_says_what_to_install(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(InputError, match=r"pip install 'tf-happywhale\[detect\]' .*AGPL-3\.0"):
        detect.main(verb, experiment)


def test_without_onnxruntime_one_sentence_says_what_to_install(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    weights = Path(experiment.output) / "fins.onnx"
    weights.write_bytes(b"weights")
    given = experiment.detect.model_copy(update={"models": (str(weights),)})
    with pytest.raises(InputError, match="pip install onnxruntime"):
        detect.main("predict", experiment.model_copy(update={"detect": given}))


def test_a_missing_step_is_named(pod: Path, tmp_path: Path) -> None:
    places = [f"data.root={pod}", f"output={tmp_path}"]
    experiment = load_experiment(None, [*QUICK, *places])
    for verb, wanted in (("predict", "train"), ("export", "train"), ("report", "predict")):
        with pytest.raises(InputError, match=f"detect {wanted}` with this config"):
            detect.main(verb, experiment)
