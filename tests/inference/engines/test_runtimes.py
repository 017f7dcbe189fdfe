from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines import conversion, runtimes
from tf_happywhale.inference.engines.conversion import convert, least_cosine, prove
from tf_happywhale.inference.engines.model_runtime import proofs, runtime_of
from tf_happywhale.inference.engines.runtimes import FILES, HALF, by_keras, load_engine


@pytest.fixture(scope="module")
def embedder() -> keras.Model:
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3), name="picture")
    features = keras.layers.Conv2D(8, 3, 2)(keras.layers.Rescaling(1 / 255)(pictures))
    return keras.Model(
        pictures, keras.layers.Dense(5)(keras.layers.GlobalAveragePooling2D()(features))
    )


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)


@pytest.fixture(scope="module")
def exported(embedder: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    convert(embedder, 16, "savedmodel", folder / "saved_model")
    return folder


def test_a_saved_model_takes_bytes_and_gives_rows_of_length_one(
    embedder: keras.Model, exported: Path, pictures: np.ndarray
) -> None:
    forward = load_engine(exported, "savedmodel")
    found = forward(pictures)
    assert found.dtype == np.float32 and found.shape == (4, 5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert prove(forward, by_keras(embedder), pictures, "float32") > 0.99999
    assert forward(pictures[:1]).shape == (1, 5)


def test_openvino_reads_half_the_bytes_for_bfloat16(
    embedder: keras.Model, pictures: np.ndarray, tmp_path: Path
) -> None:
    pytest.importorskip("openvino")
    file = tmp_path / FILES["openvino"]
    convert(embedder, 16, "openvino", file)
    half = file.with_name(HALF)
    assert half.with_suffix(".bin").stat().st_size < 0.6 * file.with_suffix(".bin").stat().st_size
    exact, fast = (load_engine(tmp_path, "openvino", p) for p in ("float32", "bfloat16"))
    assert prove(exact, by_keras(embedder), pictures, "float32") > 0.999999
    assert prove(fast, by_keras(embedder), pictures, "bfloat16") < 0.9999999
    for part in (half, half.with_suffix(".bin")):  # as in a folder of an earlier version
        part.unlink()
    assert prove(load_engine(tmp_path, "openvino", "bfloat16"), exact, pictures, "bfloat16") > 0.999


def test_a_conversion_reports_to_nobody(
    embedder: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's own converter tells its makers about each operation, and waits where there is no
    network."""
    pytest.importorskip("openvino")
    telemetry, sent = pytest.importorskip("openvino_telemetry"), []
    monkeypatch.setattr(telemetry.Telemetry, "send_event", lambda *event, **_: sent.append(event))
    convert(embedder, 16, "openvino", tmp_path / FILES["openvino"])
    assert sent == []


def test_an_engine_that_differs_is_refused(embedder: keras.Model, pictures: np.ndarray) -> None:
    right = by_keras(embedder)
    with pytest.raises(InputError, match="differ from Keras'"):
        prove(lambda p: right(p)[:, ::-1], right, pictures, "float32")
    with pytest.raises(InputError, match="differ from Keras'"):
        prove(lambda p: np.full((len(p), 5), np.nan, np.float32), right, pictures, "bfloat16")


def test_what_is_missing_is_said_with_its_remedy(exported: Path, embedder, monkeypatch) -> None:
    with pytest.raises(InputError, match=r"There is no .*model\.onnx: run"):
        load_engine(exported, "onnx")
    for module in (conversion, runtimes):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'tf-happywhale\[openvino\]'"):
        convert(embedder, 16, "openvino", exported / "openvino" / "model.xml")
    with pytest.raises(InputError, match="is not installed"):
        load_engine(exported, "savedmodel")


def test_auto_takes_keras_in_a_run_folder_and_what_there_is_in_an_exported_one(
    embedder: keras.Model, exported: Path, pictures: np.ndarray, tmp_path: Path
) -> None:
    embedder.save(tmp_path / "model.keras")
    own, carried = (runtime_of(folder, 16, "auto", "float32") for folder in (tmp_path, exported))
    np.testing.assert_allclose(own(pictures), by_keras(embedder)(pictures), rtol=1e-5)
    assert least_cosine(own(pictures), carried(pictures)) > 0.99999
    with pytest.raises(InputError, match=r"needs embed\.engine=openvino"):
        runtime_of(tmp_path, 16, "keras", "bfloat16")


def test_what_was_converted_is_proven_before_it_is_trusted(
    embedder: keras.Model, pictures: np.ndarray, tmp_path: Path, monkeypatch
) -> None:
    """Also where it lies there already, as of a conversion whose proof failed."""
    embedder.save(tmp_path / "model.keras")
    other = keras.models.clone_model(embedder)
    convert(other, 16, "savedmodel", tmp_path / "saved_model")
    for _ in range(2):
        with pytest.raises(InputError, match="differ from Keras'"):
            runtime_of(tmp_path, 16, "savedmodel", "float32")(pictures)
    shutil.rmtree(tmp_path / "saved_model")
    first = runtime_of(tmp_path, 16, "savedmodel", "float32")(pictures)
    assert proofs(tmp_path)["savedmodel float32"] > 0.9999
    monkeypatch.delattr("tf_happywhale.run_folders.model_files.load_model")
    assert np.array_equal(runtime_of(tmp_path, 16, "savedmodel", "float32")(pictures), first)


def test_a_conversion_does_not_stay_beside_a_model_that_has_come_meanwhile(
    embedder: keras.Model, pictures: np.ndarray, tmp_path: Path
) -> None:
    embedder.save(tmp_path / "model.keras")
    forward = runtime_of(tmp_path, 16, "savedmodel", "float32")
    keras.models.clone_model(embedder).save(tmp_path / "model.keras")  # a training has ended
    with pytest.raises(InputError, match="has become another model meanwhile: run the command"):
        forward(pictures)
    assert not proofs(tmp_path)
    assert not (tmp_path / "saved_model").exists()


def test_conversions_for_another_size_are_apart(
    embedder: keras.Model, pictures: np.ndarray, tmp_path: Path
) -> None:
    embedder.save(tmp_path / "model.keras")
    runtime_of(tmp_path, 16, "savedmodel", "float32")(pictures)
    small = tmp_path / "12px"
    found = runtime_of(tmp_path, 12, "savedmodel", "float32", small)(pictures[:, :12, :12])
    assert least_cosine(found, by_keras(embedder)(pictures[:, :12, :12])) > 0.99999
    assert proofs(small)["savedmodel float32"] > 0.9999
    assert (small / "saved_model").exists() and not (small / "model.keras").exists()
    again = runtime_of(tmp_path, 12, "auto", "float32", small)(pictures[:, :12, :12])
    np.testing.assert_array_equal(again, found)


def test_the_lowest_cosine_is_of_the_worst_row() -> None:
    first = np.array([[1, 0], [1, 1]], np.float32)
    second = np.array([[5, 0], [0, 2]], np.float32)
    assert least_cosine(first, second) == pytest.approx(np.sqrt(0.5))
