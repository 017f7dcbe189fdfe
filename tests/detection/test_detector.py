from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.config import Detect, load_experiment
from tf_happywhale.detection import detector as module
from tf_happywhale.detection.detector import Detector, find_detector
from tf_happywhale.disk.hashes import MISSING, sha256
from tf_happywhale.errors import InputError


@pytest.fixture
def detector(red_network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Detector:
    monkeypatch.setattr(module, "open_network", lambda weights, home: red_network)
    weights = tmp_path / "fins.onnx"
    weights.write_text("weights")
    return Detector(weights, Detect(image_size=128), tmp_path / "home")


def fill(detector: Detector, boxes: dict, paths: dict[str, Path]) -> dict:
    contents = [sha256(path) if path.is_file() else MISSING for path in paths.values()]
    given = {
        source: {image: [row] for image, row in rows.items()} for source, rows in boxes.items()
    }
    names, files = list(paths), list(paths.values())
    filled = detector.fill_missing(given, names, files, contents, "photographs")
    assert all(len(rows) == 1 for found in filled.values() for rows in found.values())
    return {
        source: {image: row for image, (row,) in rows.items()} for source, rows in filled.items()
    }


def test_only_photographs_without_a_box_are_looked_at(
    detector: Detector, red_network, photographs, capsys
) -> None:
    paths = photographs(4)
    drawn = {"001.png": BoxRow("001.png", "fin", Box(1, 2, 3, 4), 0.0, manual=True)}
    boxes = {"fin": drawn, "whole": {}}
    filled = fill(detector, boxes, paths)
    assert sum(red_network.batches) == 3
    assert filled["fin"]["001.png"] == drawn["001.png"] and filled["whole"] == {}
    for k in (0, 2, 3):
        row = filled["fin"][f"{k:03d}.png"]
        corners = (row.box.xmin, row.box.ymin, row.box.xmax, row.box.ymax)
        assert corners == pytest.approx((2 * k, 10, 2 * k + 20, 30), abs=1)
        assert row.confidence == pytest.approx((255 - k) / 255, abs=0.05) and not row.manual
    assert list(boxes["fin"]) == ["001.png"]  # what was given stays as it was
    assert "finds a fin in 3 of 3 without a box" in capsys.readouterr().out


def test_if_all_have_boxes_the_network_is_not_run(
    detector: Detector, red_network, photographs
) -> None:
    paths = photographs(2)
    boxes = {"fin": {name: BoxRow(name, "fin", Box(0, 0, 9, 9), 0.5) for name in paths}}
    assert fill(detector, boxes, paths) == boxes
    assert fill(detector, {"whole": {}}, paths) == {"whole": {}}
    assert red_network.batches == []


def test_nothing_found_is_a_row_without_a_box_and_unreadable_none(
    detector: Detector, photographs, tmp_path: Path
) -> None:
    paths = photographs(2)
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    paths |= {"bad.png": bad, "gone.png": tmp_path / "gone.png"}
    sure = Detector(detector.weights, Detect(image_size=128, confidence=1), detector.home)
    assert fill(sure, {"fin": {}}, paths)["fin"] == {
        name: BoxRow(name, "fin", None, 0.0) for name in ("000.png", "001.png")
    }


def test_the_box_is_the_one_of_the_table_that_predict_writes(
    detector: Detector, photographs
) -> None:
    """Fused, chosen and padded by the settings; floored and ceiled to whole pixels."""
    padded = Detector(detector.weights, Detect(image_size=128, padding={"fin": 0.5}), detector.home)
    box = fill(padded, {"fin": {}}, photographs(3))["fin"]["002.png"].box
    assert (box.xmin, box.ymin, box.xmax, box.ymax) == pytest.approx((0, 0, 34, 40), abs=2)


def test_a_detector_that_knows_no_wanted_source_is_refused(
    detector: Detector, red_network, photographs
) -> None:
    for _ in range(2):  # asked again it is still refused, from what is kept
        with pytest.raises(InputError, match=r"fins\.onnx finds fin, but .* boxes of tail:"):
            fill(detector, {"tail": {}}, photographs(2))
    assert sum(red_network.batches) == 2
    partly = fill(detector, {"tail": {}, "fin": {}}, photographs(2))
    assert partly["tail"] == {} and len(partly["fin"]) == 2


def test_other_weights_look_again(detector: Detector, red_network, photographs) -> None:
    fill(detector, {"fin": {}}, photographs(2))
    detector.weights.write_text("other weights")
    fill(detector, {"fin": {}}, photographs(2))
    assert sum(red_network.batches) == 4


def test_it_is_named_in_the_config(tmp_path: Path) -> None:
    assert find_detector(load_experiment(None, []), tmp_path) is None
    weights = tmp_path / "fins.pt"
    asked = load_experiment(None, [f"identify.detector={weights}", "detect.confidence=0.3"])
    with pytest.raises(
        InputError, match=r"There is no detector .*fins\.pt: set identify\.detector"
    ):
        find_detector(asked, tmp_path)
    weights.write_text("weights")
    found = find_detector(asked, tmp_path)
    assert found.weights == weights and found.settings.confidence == 0.3
    (tmp_path / "fins.txt").write_text("weights")
    other = load_experiment(None, [f"identify.detector={tmp_path / 'fins.txt'}"])
    with pytest.raises(InputError, match="There is no detector"):
        find_detector(other, tmp_path)
