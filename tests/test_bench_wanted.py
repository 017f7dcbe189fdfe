"""What benchmarks print beside what is wanted, and when they fail."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """A benchmark as a module, which finds its neighbours as it does when it is run."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def module(name: str):
        spec = importlib.util.spec_from_file_location(f"bench_{name}", FOLDER / f"{name}.py")
        loaded = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, loaded)
        spec.loader.exec_module(loaded)
        return loaded

    return module


def test_a_missed_figure_is_marked_and_fails(load, capsys: pytest.CaptureFixture) -> None:
    wanted = load("wanted")
    fine = [wanted.Wanted("AP50", 0.8, 0.8), wanted.Wanted("minutes", 40, 40, most=True)]
    assert wanted.judge(fine) == 0 and wanted.judge([]) == 0
    assert "MISSED" not in capsys.readouterr().out
    for row in (
        wanted.Wanted("AP50", 0.79, 0.8),
        wanted.Wanted("minutes", 41, 40, most=True),
        wanted.Wanted("cosine", math.nan, 0.9999),
    ):
        assert wanted.judge([*fine, row]) == 1
        assert capsys.readouterr().out.count("MISSED") == 1


def test_the_detector_is_judged_by_its_pod_and_the_stock_run(load) -> None:
    detection = load("detection")
    figures = {
        "pod": {
            "train_seconds": 9.0,
            "fold0": {"AP50": 0.9},
            "fold1": {"AP50": 0.7},
            "true boxes": {"map5": 0.75},
            "detected boxes": {"map5": 0.70},
        },
        "fins": {"ours": {"AP50": 0.5, "seconds": 2401}, "stock": {"AP50": 0.4}},
    }
    missed = [row.what for row in detection.wanted(figures) if not row.reached]
    assert missed == ["pod, fold1: AP50", "fins: minutes"]
    figures["pod"]["detected boxes"]["map5"] = 0.69
    figures["fins"]["stock"]["AP50"] = 0.51
    missed = [row.what for row in detection.wanted(figures) if not row.reached]
    assert missed[1:3] == ["pod, detected boxes: mAP@5", "fins: AP50"] and len(missed) == 4
    assert detection.wanted({}) == []


def test_openvino_is_judged_by_its_peers_and_its_cosine(load) -> None:
    embed = load("embed")
    speeds = {"keras": 10.0, "torch": 6.0, "openvino": 15.0, "openvino bfloat16": 14.9}
    cosine = {"openvino": 0.99995, "openvino bfloat16": 0.9985}
    missed = [row.what for row in embed.wanted(speeds, cosine, speed=True) if not row.reached]
    assert missed == [
        "openvino bfloat16 ÷ torch",
        "openvino bfloat16 ÷ keras",
        "lowest cosine of openvino bfloat16 with keras",
        "lowest cosine of onnx with keras",
    ]
    assert len(embed.wanted(speeds, cosine, speed=False)) == 3


@pytest.mark.parametrize("words", [["--quick"], ["--size", "128"]])
def test_a_published_model_of_one_size_is_measured_in_no_other(
    load, monkeypatch, capsys: pytest.CaptureFixture, words: list[str]
) -> None:
    embed = load("embed")
    monkeypatch.setattr(sys, "argv", ["embed.py", "--published", "dinov2_s", *words])
    with pytest.raises(SystemExit) as stopped:
        embed.arguments()
    assert stopped.value.code == 2
    said = "dinov2_s sees pictures of 518 pixels only: leave --size and --quick out."
    assert said in capsys.readouterr().err
    for given in ([], ["--size", "518"]):
        monkeypatch.setattr(sys, "argv", ["embed.py", "--published", "dinov2_s", *given])
        assert embed.arguments().size == 518
    monkeypatch.setattr(sys, "argv", ["embed.py", "--published", "miewid_msv3", *words])
    assert embed.arguments().size == 128
