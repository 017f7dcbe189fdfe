"""Every engine on real networks: `make test-export`, in an environment that has their packages."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.inference.engines.conversion import convert, prove
from tf_happywhale.inference.engines.litert import quantise
from tf_happywhale.inference.engines.model_runtime import runtime_of
from tf_happywhale.inference.engines.runtimes import by_keras, load_engine
from tf_happywhale.models.embedder import build_embedder

SIZE = 64


@pytest.fixture(scope="module", params=["b0", "lite0", "eca_nfnet_l0"])
def run(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keras.Model]:
    keras.utils.set_random_seed(0)
    embedder = build_embedder(Model(backbone=request.param, weights="none", embedding_size=32))
    folder = tmp_path_factory.mktemp(request.param)
    embedder.save(folder / "model.keras")
    return folder, embedder


PICTURES = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), np.uint8)


@pytest.mark.parametrize(
    ("engine", "file"),
    [("openvino", "openvino/model.xml"), ("onnx", "model.onnx"), ("litert", "litert/model.tflite")],
)
def test_it_agrees_with_keras_whatever_the_batch(run, engine: str, file: str) -> None:
    folder, embedder = run
    convert(embedder, SIZE, engine, folder / file)
    forward = load_engine(folder, engine)
    for count in (1, 5):
        cosine = prove(forward, by_keras(embedder), PICTURES[:count], "float32")
        assert cosine >= 0.9999
    np.testing.assert_allclose(np.linalg.norm(forward(PICTURES), axis=1), 1, rtol=1e-4)


def test_bfloat16_stays_close(run) -> None:
    folder, embedder = run
    forward = runtime_of(folder, SIZE, "openvino", "bfloat16")
    assert prove(forward, by_keras(embedder), PICTURES, "bfloat16") >= 0.999


def test_litert_in_float16_stays_close(run) -> None:
    folder, embedder = run
    forward = runtime_of(folder, SIZE, "litert", "float16")
    assert prove(forward, by_keras(embedder), PICTURES, "float16") >= 0.999
    half, whole = (folder / "litert" / name for name in ("half.tflite", "model.tflite"))
    assert half.stat().st_size < 0.6 * whole.stat().st_size


def test_litert_in_int8_stays_close(run) -> None:
    """With weights that nothing has trained, activations of SE blocks are as wide as they get."""
    folder, embedder = run
    quantise(folder / "litert/model.tflite", PICTURES)
    forward = runtime_of(folder, SIZE, "litert", "int8")
    assert prove(forward, by_keras(embedder), PICTURES, "int8") >= 0.95


def test_auto_takes_openvino_where_it_was_converted_to(run, monkeypatch) -> None:
    folder, _ = run
    runtime_of(folder, SIZE, "openvino", "float32")(PICTURES)
    monkeypatch.delattr("tf_happywhale.run_folders.model_files.load_model")
    assert runtime_of(folder, SIZE, "auto", "float32")(PICTURES).shape == (5, 32)
