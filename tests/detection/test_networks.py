"""ONNX Runtime's side of it with a stand-in; the real one: with_ultralytics.py."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tf_happywhale.detection.networks import OnnxNetwork, open_network
from tf_happywhale.errors import InputError


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A package that runs a network which gives back its input; fins.onnx is a file."""
    monkeypatch.chdir(tmp_path)
    Path("fins.onnx").touch()
    about = {"names": "{0: 'backfin', 1: 'fullbody'}", "imgsz": "[384, 640]"}
    shape = ["batch", 3, "height", "width"]
    session = SimpleNamespace(
        get_modelmeta=lambda: SimpleNamespace(custom_metadata_map=about),
        get_inputs=lambda: [SimpleNamespace(name="images", shape=shape)],
        run=lambda names, given: [given["images"]],
    )
    package = SimpleNamespace(
        SessionOptions=SimpleNamespace,
        get_available_providers=lambda: ["CPUExecutionProvider"],
        InferenceSession=lambda file, options, providers: session,
        about=about,
        shape=shape,
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", package)
    return package


def test_sources_and_side_are_what_the_file_says(runtime: SimpleNamespace) -> None:
    network = open_network(Path("fins.onnx"), Path("home"))
    assert list(network.sources) == ["backfin", "fullbody"]
    assert network.side == 640
    runtime.about["imgsz"] = "600"
    assert OnnxNetwork(Path("fins.onnx")).side == 640
    del runtime.about["imgsz"]
    assert OnnxNetwork(Path("fins.onnx")).side is None


def test_pictures_go_in_channels_first_and_from_0_to_1(runtime: SimpleNamespace) -> None:
    pictures = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    output = OnnxNetwork(Path("fins.onnx"))(pictures)
    assert output.shape == (2, 3, 4, 4)
    assert output[1, 2, 3, 0] == pytest.approx(pictures[1, 3, 0, 2] / 255)


def test_a_network_of_one_size_only_is_refused(runtime: SimpleNamespace) -> None:
    runtime.shape[:] = [1, 3, 640, 640]
    with pytest.raises(InputError, match=r"fixed to \[1, 3, 640, 640\]\): export it again"):
        OnnxNetwork(Path("fins.onnx"))
