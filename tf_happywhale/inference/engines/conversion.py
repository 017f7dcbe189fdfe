"""Conversion of a Keras embedder for other engines, and the comparison of their embeddings."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines import litert
from tf_happywhale.inference.engines.runtimes import HALF, Forward
from tf_happywhale.models import openvino_cpu

LEAST_COSINE = {"float32": 0.9999, "bfloat16": 0.999, "float16": 0.999, "int8": 0.95}
CONVERTERS = {"openvino": "openvino", "onnx": "tf2onnx", "litert": "ai_edge_quantizer"}  # packages


def convert(embedder, size: int, engine: str, target: Path) -> None:
    """Convert a Keras embedder for an engine, and write it to `target`, a path of `FILES`.

    Raises:
        InputError: the package that converts models is not installed.
    """
    model = deployable(embedder, size)
    target.parent.mkdir(parents=True, exist_ok=True)
    if engine == "savedmodel":
        model.export(str(target), format="tf_saved_model", verbose=False)
        return
    needed = CONVERTERS[engine]
    if find_spec(needed) is None:
        raise InputError(
            f"Converting for {engine} needs {needed}: pip install 'tf-happywhale[{engine}]'."
        )
    if engine == "onnx":
        model(np.zeros((1, size, size, 3), np.uint8))  # Keras exports only what was called once
        model.export(str(target), format="onnx", verbose=False)
        return
    if engine == "litert":
        litert.convert(model, target)
        return
    import openvino

    saved = target.parent / "saved_model"
    model.export(str(saved), format="tf_saved_model", verbose=False)
    # Not `convert_model`: it tells its makers about each operation over the network.
    found = openvino_cpu.read_model(str(saved))
    found.reshape([-1, size, size, 3])
    openvino.save_model(found, str(target), compress_to_fp16=False)
    # bfloat16 rounds weights more than float16 does, and a file of half the size takes less memory.
    openvino.save_model(found, str(target.with_name(HALF)), compress_to_fp16=True)
    shutil.rmtree(saved)


def deployable(embedder, size: int):
    """Return the embedder as one model of pictures uint8 [n, size, size, 3] to embeddings float32
    [n, d] of length 1."""
    import keras

    pictures = keras.Input((size, size, 3), dtype="uint8", name="picture")
    embedding = embedder(pictures, training=False)
    unit = keras.layers.UnitNormalization(axis=-1, dtype="float32", name="unit")(embedding)
    return keras.Model(pictures, unit, name="embedder_to_deploy")


def in_batches(forward: Forward, size: int) -> Forward:
    """Return a function that gives `forward` at most `size` pictures at a time, to save memory."""

    def few(pictures: np.ndarray) -> np.ndarray:
        starts = range(0, len(pictures), size)
        return np.concatenate([forward(pictures[start : start + size]) for start in starts])

    return few


def prove(forward: Forward, reference: Forward, pictures: np.ndarray, precision: str) -> float:
    """Return the lowest cosine between two engines' embeddings of pictures uint8 [n, s, s, 3].

    Raises:
        InputError: it is below `LEAST_COSINE`.
    """
    cosine = least_cosine(forward(pictures), reference(pictures))
    if not cosine >= LEAST_COSINE[precision]:
        raise InputError(
            f"The converted model's embeddings differ from Keras' (cosine {cosine:.6f}, and "
            f"{LEAST_COSINE[precision]} is required): use embed.engine=keras."
        )
    return cosine


def least_cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Return the lowest cosine of corresponding rows [n, d]."""
    return float(cosines(first, second).min())


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the cosines [n] of corresponding rows [n, d]."""
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.einsum("ij,ij->i", first, second) / lengths
