from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import Detect, Experiment
from tf_happywhale.detection import prediction
from tf_happywhale.detection.cache_by_name import Seen
from tf_happywhale.detection.detections import Detection
from tf_happywhale.detection.prediction import draw_boxes, look


def paths(experiment: Experiment) -> dict[str, Path]:
    folder = Path(experiment.data.root) / "train_images"
    return {path.name: path for path in sorted(folder.iterdir())}


def test_a_photograph_is_looked_at_by_models_that_have_not_learnt_from_it(
    experiment: Experiment, red_network, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(prediction, "open_network", lambda weights, home: red_network)
    seen, sources = look(experiment, paths(experiment))
    assert sources == ["fin"]
    assert {image: len(views) for image, views in seen.items()} == {
        "000.png": 1, "001.png": 1, "002.png": 1, "003.png": 2, "004.png": 2,
    }  # fmt: skip
    assert "have learnt from them" not in capsys.readouterr().out


def test_where_there_is_no_other_model_all_look_and_it_is_said(
    experiment: Experiment, red_network, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(prediction, "open_network", lambda weights, home: red_network)
    one = experiment.model_copy(update={"fold": 0})
    seen, _ = look(one, paths(experiment))
    assert {len(views) for views in seen.values()} == {1}
    assert "2 photographs are looked at by models that have learnt from them" in (
        capsys.readouterr().out
    )


def test_the_size_is_the_weights_own(
    experiment: Experiment, red_network, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = []

    def detect_by_name(network, photographs, contents, folder, *, side, batch_size, label):
        sides.append((side, folder))
        return {}

    monkeypatch.setattr(prediction, "open_network", lambda weights, home: red_network)
    monkeypatch.setattr(prediction, "detect_by_name", detect_by_name)
    look(experiment, paths(experiment))
    red_network.side = 64
    look(experiment, paths(experiment))
    assert [side for side, _ in sides] == [128, 128, 64, 64]
    assert len({folder for _, folder in sides}) == 4  # nothing is taken for another side's


def test_every_photograph_and_source_has_a_box_or_a_reason() -> None:
    fin = Detection("fin", 10, 10, 30, 20, 0.8)
    unsure = Detection("body", 0, 0, 50, 50, 0.05)
    seen = {
        "both.jpg": [Seen(100, 80, (fin, Detection("body", 0, 0, 50, 50, 0.5)))],
        "one.jpg": [Seen(100, 80, (fin, unsure))],
        "none.jpg": [Seen(100, 80, ())],
        "bad.jpg": [Seen(0, 0, (), "bad.jpg is cut off.")],
    }
    settings = Detect(confidence=0.1, padding={"fin": 0.5})
    boxes, without = draw_boxes(seen, ["body", "fin"], settings)
    assert [box.source for box in boxes["both.jpg"]] == ["body", "fin"]
    assert [box.corners for box in boxes["one.jpg"]] == [(0, 5, 40, 25)]
    assert boxes["none.jpg"] == boxes["bad.jpg"] == []
    assert without == [
        ["one.jpg", "body", "no box of confidence 0.1: the highest is 0.0500"],
        ["none.jpg", "body", "no box of confidence 0.1: the highest is 0.0000"],
        ["none.jpg", "fin", "no box of confidence 0.1: the highest is 0.0000"],
        ["bad.jpg", "", "bad.jpg is cut off."],
    ]


def test_several_models_are_fused() -> None:
    views = [Seen(100, 80, (Detection("fin", x, 0, x + 10, 10, 0.6),)) for x in (0, 2)]
    boxes, _ = draw_boxes({"a.jpg": views}, ["fin"], Detect())
    assert boxes["a.jpg"][0].corners == pytest.approx((1, 0, 11, 10))
