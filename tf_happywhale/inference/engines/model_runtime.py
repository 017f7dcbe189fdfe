"""The model of a run folder or an exported folder, run by the engine that is asked for.

A Keras model is converted when an engine is used for the first time. The conversion is kept next to
the model, and it is compared with Keras on the first pictures.
"""

from __future__ import annotations

import json
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import atomic_write, write_json
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.disk.swap import remove
from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines.conversion import convert, prove
from tf_happywhale.inference.engines.runtimes import (
    FILES,
    Forward,
    by_keras,
    check_precision,
    load_engine,
    on_accelerator,
    present,
)

PROVEN = "proven.json"  # in a run folder


def runtime_of(
    folder: Path, size: int, engine: str, precision: str, converted: Path | None = None
) -> Forward:
    """Return the model of a run folder or an exported folder, run by an engine.

    `openvino`, `onnx` and `litert` convert the model on first use and keep the conversion next to
    it. Keras embeds the first pictures too, to prove the conversion. A model in int8 is not made
    here: see `exporting.py`.

    Args:
        folder: the folder.
        size: side of the pictures.
        engine: see `embed.engine`; `auto` takes Keras on an accelerator, otherwise the fastest
            engine that the folder holds a model for.
        precision: `float32`, `bfloat16` with OpenVINO, `float16` or `int8` with LiteRT.
        converted: where the conversions for this size are; None: in the folder.

    Raises:
        InputError: the engine is not installed, or there is no model for it.
    """
    keras_file, converted = folder / "model.keras", converted or folder
    if engine == "auto":
        engine = "keras" if on_accelerator() else present(converted) or "keras"
    if engine == "keras":
        if not keras_file.is_file() and (converted / FILES["savedmodel"]).exists():
            return load_engine(converted, "savedmodel", precision)
        check_precision(engine, precision)
        return _keras(keras_file)
    proven = f"{engine} {precision}" in proofs(converted)
    if proven or precision == "int8" or not keras_file.is_file():
        return load_engine(converted, engine, precision)
    return _converted(keras_file, converted, size, engine, precision)


def proofs(folder: Path) -> dict[str, float]:
    """Return the proven conversions of a run folder's model: the lowest cosine with Keras'
    embeddings, by `<engine> <precision>`."""
    with suppress(FileNotFoundError, ValueError):
        return dict(json.loads((folder / PROVEN).read_text(encoding="utf-8")))
    return {}


def check_same_model(model: Path, content: str) -> None:
    """Raise InputError if a model file has another SHA-256 than `content`: a training may end, and
    replace it, while a command runs."""
    if sha256(model) != content:
        raise InputError(f"{model} has become another model meanwhile: run the command again.")


def _keras(file: Path) -> Forward:
    # Imported here, since a conversion runs without Keras, which takes seconds to import.
    from tf_happywhale.devices.strategy import embedding_strategy
    from tf_happywhale.run_folders.model_files import load_model

    strategy = embedding_strategy()
    with strategy.scope() if strategy is not None else nullcontext():
        return by_keras(load_model(file), strategy)


def _converted(keras_file: Path, folder: Path, size: int, engine: str, precision: str) -> Forward:
    """Return a model converted into a folder; it is proven on the first pictures."""
    from tf_happywhale.run_folders.model_files import load_model

    content, embedder = sha256(keras_file), load_model(keras_file)
    first, *inside = Path(FILES[engine]).parts
    whole = folder / first
    if not whole.exists():
        with atomic_write(whole) as making:
            convert(embedder, size, engine, making.joinpath(*inside))
    forward, proven = load_engine(folder, engine, precision), False

    def proving(pictures: np.ndarray) -> np.ndarray:
        nonlocal proven
        if not proven:
            shown = pictures[pictures.any(axis=(1, 2, 3))]  # the last batch ends with black ones
            cosine = prove(forward, by_keras(embedder), shown, precision)
            try:
                check_same_model(keras_file, content)
            except InputError:
                remove(whole)  # it may now lie beside a model that it was not made from
                raise
            write_json(folder / PROVEN, proofs(folder) | {f"{engine} {precision}": cosine})
            proven = True
        return forward(pictures)

    return proving
