"""The engines that run a trained model: Keras, OpenVINO, ONNX Runtime, LiteRT, SavedModel."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines import litert
from tf_happywhale.models import openvino_cpu

Forward = Callable[[np.ndarray], np.ndarray]  # pictures uint8 [n, s, s, 3] to float32 [n, d]
FILES = {
    "openvino": "openvino/model.xml",
    "onnx": "model.onnx",
    "litert": f"litert/{litert.FILES['float32']}",
    "savedmodel": "saved_model",
}
HALF = "half.xml"  # beside OpenVINO's model: the same with its weights in float16, for bfloat16
PACKAGES = {
    "openvino": "openvino",
    "onnx": "onnxruntime",
    "litert": "ai_edge_litert",
    "savedmodel": "tensorflow",
}
ENGINE_OF = {"bfloat16": "openvino", "float16": "litert", "int8": "litert"}  # all have float32


def load_engine(folder: Path, engine: str, precision: str = "float32") -> Forward:
    """Return a converted model as a function of pictures uint8 [n, s, s, 3] to float32 [n, d].

    Raises:
        InputError: the file or the package is missing, or the engine has no such precision.
    """
    file = folder / FILES[engine]
    if not file.exists():
        raise InputError(f"There is no {file}: run `python -m tf_happywhale.export` first.")
    if find_spec(PACKAGES[engine]) is None:
        raise InputError(
            f"The engine {engine} is not installed: pip install 'tf-happywhale[{engine}]'."
        )
    check_precision(engine, precision)
    engines = {"openvino": _openvino, "onnx": _onnx, "litert": _litert, "savedmodel": _saved}
    return engines[engine](file, precision)


def check_precision(engine: str, precision: str) -> None:
    """Raise InputError if an engine does not compute in a precision."""
    needed = ENGINE_OF.get(precision, engine)
    if engine != needed:
        raise InputError(f"embed.precision={precision} needs embed.engine={needed}.")


def by_keras(embedder, strategy=None) -> Forward:
    """Return a Keras model as a function of the same kind as `load_engine` returns.

    Args:
        embedder: the model.
        strategy: TensorFlow's, in whose scope the model was made; its devices share each batch.
    """
    import keras

    if keras.backend.backend() == "jax":
        from tf_happywhale.devices.jax_arrays import forward_of

        return forward_of(embedder)
    if strategy is not None:
        from tf_happywhale.devices.replicas import forward_of

        return forward_of(embedder, strategy)
    import tensorflow as tf

    # Batches of a second size are compiled for all sizes, so that a server compiles twice at most.
    forward = tf.function(lambda x: embedder(x, training=False), reduce_retracing=True)
    return lambda pictures: np.asarray(forward(tf.constant(pictures)), np.float32)


def on_accelerator() -> bool:
    """Return whether Keras' backend is installed and has another device than a CPU."""
    if os.environ.get("KERAS_BACKEND") == "jax":
        import jax

        return jax.default_backend() != "cpu"
    if find_spec("tensorflow") is None:
        return False
    import tensorflow as tf

    return any(device.device_type != "CPU" for device in tf.config.list_logical_devices())


def present(folder: Path) -> str | None:
    """Return the fastest engine that a folder holds a model for and whose package is installed."""
    for engine in ("openvino", "onnx", "litert", "savedmodel"):
        if (folder / FILES[engine]).exists() and find_spec(PACKAGES[engine]) is not None:
            return engine
    return None


def _openvino(file: Path, precision: str) -> Forward:
    cores, half = usable_cores(), file.with_name(HALF)
    if precision == "bfloat16" and half.is_file():  # earlier conversions have none
        file = half
    compiled = openvino_cpu.compiled(str(file), precision)
    requests = [compiled.create_infer_request() for _ in range(cores)]

    def forward(pictures: np.ndarray) -> np.ndarray:
        parts = np.array_split(pictures, min(cores, len(pictures)))
        busy = requests[: len(parts)]
        for request, part in zip(busy, parts, strict=True):
            request.start_async([part])
        for request in busy:
            request.wait()
        return np.concatenate([np.array(r.get_output_tensor(0).data, np.float32) for r in busy])

    return forward


def _onnx(file: Path, precision: str) -> Forward:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pictures: session.run(None, {name: pictures})[0]


def _litert(file: Path, precision: str) -> Forward:
    file = file.with_name(litert.FILES[precision])
    if not file.is_file():
        raise InputError(
            f"There is no {file}: `export` with export.formats=[litert] writes it, from pictures "
            "of the catalogue."
        )
    return litert.load(file)


def _saved(file: Path, precision: str) -> Forward:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(file))  # keep it: it owns the variables
    return lambda pictures: loaded.serve(tf.constant(pictures)).numpy()
