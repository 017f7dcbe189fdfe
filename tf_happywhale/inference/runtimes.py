"""A finished embedder as a function of pictures, by whichever engine runs it: Keras, OpenVINO or
ONNX Runtime; and what those two read, made from the Keras model and proven against it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError

Forward = Callable[[np.ndarray], np.ndarray]
FILES = {"openvino": "openvino/model.xml", "onnx": "model.onnx", "savedmodel": "saved_model"}
PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime", "savedmodel": "tensorflow"}
PROVEN = "proven.json"  # in a run folder
LEAST_COSINE = {"float32": 0.9999, "bfloat16": 0.999}


def deployable(embedder, size: int):
    """The embedder with everything inside: pictures uint8 [n, size, size, 3] to embeddings float32
    [n, d] of length 1."""
    import keras

    pictures = keras.Input((size, size, 3), dtype="uint8", name="picture")
    embedding = embedder(pictures, training=False)
    unit = keras.layers.UnitNormalization(axis=-1, dtype="float32", name="unit")(embedding)
    return keras.Model(pictures, unit, name="embedder_to_deploy")


def convert(embedder, size: int, engine: str, target: Path) -> None:
    """Write an embedder for an engine to `target`, a file of `FILES`.

    Raises:
        InputError: the package that converts is not installed.
    """
    model = deployable(embedder, size)
    target.parent.mkdir(parents=True, exist_ok=True)
    if engine == "savedmodel":
        model.export(str(target), format="tf_saved_model", verbose=False)
        return
    needed = {"openvino": "openvino", "onnx": "tf2onnx"}[engine]
    if find_spec(needed) is None:
        raise InputError(
            f"Converting for {engine} needs {needed}: pip install 'tf-happywhale[{engine}]'."
        )
    if engine == "onnx":
        model(np.zeros((1, size, size, 3), np.uint8))  # Keras wants it to have been called
        model.export(str(target), format="onnx", verbose=False)
        return
    import shutil

    import openvino

    saved = target.parent / "saved_model"
    model.export(str(saved), format="tf_saved_model", verbose=False)
    found = openvino.convert_model(str(saved), input=[-1, size, size, 3])
    openvino.save_model(found, str(target), compress_to_fp16=False)
    shutil.rmtree(saved)


def load_engine(folder: Path, engine: str, precision: str = "float32") -> Forward:
    """What `convert` wrote, as a function of pictures uint8 [n, s, s, 3] to float32 [n, d].

    Raises:
        InputError: the file or the package is not there, or the engine has no such precision.
    """
    file = folder / FILES[engine]
    if not file.exists():
        raise InputError(f"There is no {file}: run `python -m tf_happywhale.export` first.")
    if find_spec(PACKAGES[engine]) is None:
        raise InputError(
            f"The engine {engine} is not installed: pip install 'tf-happywhale[{engine}]'."
        )
    if precision != "float32" and engine != "openvino":
        raise InputError(f"embed.precision={precision} needs embed.engine=openvino.")
    return {"openvino": _openvino, "onnx": _onnx, "savedmodel": _saved}[engine](file, precision)


def by_keras(embedder, strategy=None) -> Forward:
    """A Keras model as such a function; on all devices of this machine, where on TensorFlow it was
    made inside the scope of `strategy`."""
    import keras

    if keras.backend.backend() == "jax":
        from tf_happywhale.devices.jax_arrays import forward_of

        return forward_of(embedder)
    if strategy is not None:
        from tf_happywhale.devices.replicas import forward_of

        return forward_of(embedder, strategy)
    import tensorflow as tf

    forward = tf.function(lambda pictures: embedder(pictures, training=False))
    return lambda pictures: np.asarray(forward(tf.constant(pictures)), np.float32)


def least_cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The lowest cosine of corresponding rows [n, d]."""
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float((np.einsum("ij,ij->i", first, second) / lengths).min())


def prove(forward: Forward, reference: Forward, pictures: np.ndarray, precision: str) -> float:
    """The lowest cosine between two engines' embeddings of real pictures uint8 [n, s, s, 3].

    Raises:
        InputError: it is lower than `LEAST_COSINE` allows.
    """
    cosine = least_cosine(forward(pictures), reference(pictures))
    if not cosine >= LEAST_COSINE[precision]:
        raise InputError(
            f"The converted model's embeddings differ from Keras' (cosine {cosine:.6f}, and "
            f"{LEAST_COSINE[precision]} is asked): use embed.engine=keras."
        )
    return cosine


def choose(folder: Path, size: int, engine: str, precision: str) -> Forward:
    """The model in a run folder, or an exported one, by the engine asked for.

    `openvino` and `onnx` are converted to on first use and kept beside the Keras model; the first
    pictures that come are embedded by Keras too, to prove it.

    Raises:
        InputError: the engine is not installed, or there is no model for it.
    """
    keras_file = folder / "model.keras"
    if engine == "auto":
        engine = "keras" if on_accelerator() else present(folder) or "keras"
    if engine == "keras":
        if not keras_file.is_file() and (folder / FILES["savedmodel"]).exists():
            return load_engine(folder, "savedmodel", precision)
        if precision != "float32":
            raise InputError(f"embed.precision={precision} needs embed.engine=openvino.")
        from tf_happywhale.devices.strategy import embedding_strategy
        from tf_happywhale.run_folders.model_files import load_model

        strategy = embedding_strategy()
        with strategy.scope() if strategy is not None else nullcontext():
            return by_keras(load_model(keras_file), strategy)
    if not keras_file.is_file() or f"{engine} {precision}" in proofs(folder):
        return load_engine(folder, engine, precision)
    return _converted(folder, size, engine, precision)


def proofs(folder: Path) -> dict[str, float]:
    """Lowest cosines with Keras' embeddings by `<engine> <precision>`, of the models that a run
    folder's was converted to and that have been proven."""
    with suppress(FileNotFoundError, ValueError):
        return dict(json.loads((folder / PROVEN).read_text(encoding="utf-8")))
    return {}


def _converted(folder: Path, size: int, engine: str, precision: str) -> Forward:
    from tf_happywhale.disk.files import atomic_write, write_json
    from tf_happywhale.disk.hashes import sha256
    from tf_happywhale.disk.swap import remove
    from tf_happywhale.run_folders.model_files import load_model

    keras_file = folder / "model.keras"
    content, embedder = sha256(keras_file), load_model(keras_file)
    whole = (folder / FILES[engine]).parent if engine == "openvino" else folder / FILES[engine]
    if not whole.exists():
        with atomic_write(whole) as making:
            name = "model.xml" if engine == "openvino" else ""
            convert(embedder, size, engine, making / name)
    forward, proven = load_engine(folder, engine, precision), False

    def proving(pictures: np.ndarray) -> np.ndarray:
        nonlocal proven
        if not proven:
            shown = pictures[pictures.any(axis=(1, 2, 3))]  # a last batch is filled up with black
            cosine = prove(forward, by_keras(embedder), shown, precision)
            try:
                check_same(keras_file, content)
            except InputError:
                remove(whole)  # it may have been put beside a model that it was not made from
                raise
            write_json(folder / PROVEN, proofs(folder) | {f"{engine} {precision}": cosine})
            proven = True
        return forward(pictures)

    return proving


def check_same(model: Path, content: str) -> None:
    """Refuse a model file that was replaced since: a training may end while a command runs.

    Raises:
        InputError: its SHA-256 is not `content`.
    """
    from tf_happywhale.disk.hashes import sha256

    if sha256(model) != content:
        raise InputError(f"{model} has become another model meanwhile: run the command again.")


def on_accelerator() -> bool:
    """Whether Keras' backend, where it is installed, has anything but a CPU."""
    if os.environ.get("KERAS_BACKEND") == "jax":
        import jax

        return jax.default_backend() != "cpu"
    if find_spec("tensorflow") is None:
        return False
    import tensorflow as tf

    return any(device.device_type != "CPU" for device in tf.config.list_logical_devices())


def present(folder: Path) -> str | None:
    """The fastest engine whose file is in a folder and whose package is installed."""
    for engine in ("openvino", "onnx", "savedmodel"):
        if (folder / FILES[engine]).exists() and find_spec(PACKAGES[engine]) is not None:
            return engine
    return None


def _openvino(file: Path, precision: str) -> Forward:
    import openvino

    # A part of the batch to each core: all cores on one picture would wait for each other after
    # every layer, and for whichever of them decodes the next batch.
    cores = usable_cores()
    hints = {
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        "NUM_STREAMS": cores,
        "INFERENCE_NUM_THREADS": cores,
    }
    compiled = openvino.Core().compile_model(str(file), "CPU", hints)
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


def _saved(file: Path, precision: str) -> Forward:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(file))  # which owns the variables, and so has to stay
    return lambda pictures: loaded.serve(tf.constant(pictures)).numpy()
