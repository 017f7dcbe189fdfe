from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines import conversion, litert
from tf_happywhale.inference.engines.conversion import convert, least_cosine, prove
from tf_happywhale.inference.engines.model_runtime import runtime_of
from tf_happywhale.inference.engines.runtimes import FILES, by_keras, check_precision, load_engine
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.layers.region import Region
from tf_happywhale.models.sizes import at_sizes

SIZE = 16


@pytest.fixture(scope="module")
def embedder() -> keras.Model:
    keras.utils.set_random_seed(0)
    """It sees a part of each picture, in two sizes, as a trained one may."""
    pictures = keras.Input((None, None, 3), name="picture")
    seen = Region((0.1, 0.1, 0.9, 0.9))(pictures)
    features = keras.layers.Conv2D(64, 3, 2)(keras.layers.Rescaling(1 / 255)(seen))
    embedding = keras.layers.Dense(5)(GeM(3)(keras.layers.ReLU()(features)))
    return at_sizes(keras.Model(pictures, embedding, name="embedder"), (0.8, 1))


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, SIZE, SIZE, 3), np.uint8)


@pytest.fixture(scope="module")
def converted(embedder: keras.Model, pictures: np.ndarray, tmp_path_factory) -> Path:
    pytest.importorskip("ai_edge_quantizer")
    folder = tmp_path_factory.mktemp("converted")
    convert(embedder, SIZE, "litert", folder / FILES["litert"])
    litert.quantise(folder / FILES["litert"], pictures)
    return folder


def test_all_three_agree_with_keras_and_get_smaller(converted, embedder, pictures) -> None:
    right, sizes = by_keras(embedder), []
    for precision, least in (("float32", 0.999999), ("float16", 0.9999), ("int8", 0.99)):
        forward = load_engine(converted, "litert", precision)
        assert prove(forward, right, pictures, precision) > least
        found = forward(pictures)
        assert found.dtype == np.float32 and found.shape == (6, 5)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(forward(pictures[3:4]), found[3:4])  # whatever the batch
        sizes.append((converted / "litert" / litert.FILES[precision]).stat().st_size)
    assert not (converted / "litert" / "saved_model").exists()
    assert max(sizes[1:]) < sizes[0]


def test_int8_computes_otherwise(converted, embedder, pictures) -> None:
    """Else the test above would pass with a file that is not quantised at all."""
    found = load_engine(converted, "litert", "int8")(pictures)
    assert least_cosine(found, by_keras(embedder)(pictures)) < 0.999999


def test_a_run_folder_is_converted_to_but_not_in_int8(embedder, pictures, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_quantizer")
    embedder.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"no .*litert/.*: run|no .*int8\.tflite"):
        runtime_of(tmp_path, SIZE, "litert", "int8")
    found = runtime_of(tmp_path, SIZE, "litert", "float16")(pictures)
    assert least_cosine(found, by_keras(embedder)(pictures)) > 0.9999
    with pytest.raises(InputError, match=r"no .*int8\.tflite: `export` .* writes it"):
        runtime_of(tmp_path, SIZE, "litert", "int8")


def test_a_precision_names_its_engine(embedder, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(InputError, match=r"precision=bfloat16 needs embed\.engine=openvino"):
        check_precision("litert", "bfloat16")
    for engine, precision in (("keras", "float32"), ("litert", "int8"), ("openvino", "bfloat16")):
        check_precision(engine, precision)
    with pytest.raises(InputError, match=r"precision=int8 needs embed\.engine=litert"):
        runtime_of(tmp_path, SIZE, "keras", "int8")
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'tf-happywhale\[litert\]'"):
        convert(embedder, SIZE, "litert", tmp_path / "model.tflite")


def test_an_operation_that_litert_lacks_is_said(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_quantizer")
    given = keras.Input((None, None, 3))
    model = keras.Model(given, keras.layers.Lambda(singular_values)(given))
    with pytest.raises(InputError, match="operations that LiteRT does not have: leave litert out"):
        convert(model, SIZE, "litert", tmp_path / "litert" / "model.tflite")


def singular_values(x):
    import tensorflow as tf

    return tf.linalg.svd(tf.reduce_mean(tf.cast(x, tf.float32), 3), compute_uv=False)
