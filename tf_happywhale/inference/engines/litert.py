"""LiteRT, which runs models on telephones and small computers: converted to, made smaller, run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError

# Beside each other: weights in float32, weights in float16, convolutions in int8.
FILES = {"float32": "model.tflite", "float16": "half.tflite", "int8": "int8.tflite"}
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def convert(model, target: Path) -> None:
    """Write a Keras model for LiteRT to `target`, and the same with its weights in float16 beside
    it. Both take one picture: LiteRT does not load networks of several sizes of a picture if the
    number of pictures is open.

    Raises:
        InputError: the network has an operation that LiteRT does not have.
    """
    import keras
    import tensorflow as tf

    saved = target.parent / "saved_model"
    one = [keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="uint8")]
    model.export(str(saved), format="tf_saved_model", verbose=False, input_signature=one)
    try:
        for precision in ("float32", "float16"):
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            if precision == "float16":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
                converter.target_spec.supported_types = [tf.float16]
            target.with_name(FILES[precision]).write_bytes(converter.convert())
    except Exception as error:  # a private class of TensorFlow's
        if type(error).__name__ != "ConverterError":
            raise
        raise InputError(
            "This network has operations that LiteRT does not have: leave litert out of "
            f"export.formats. TensorFlow says: {str(error).strip().splitlines()[0]}"
        ) from None
    shutil.rmtree(saved)


def quantise(float32: Path, pictures: np.ndarray) -> None:
    """Write a model for LiteRT again with its convolutions in int8, beside the one in float32.

    The pictures say between which values each activation lies. The pooling stays in float32: its
    powers and divisions do not survive 256 values.

    Args:
        float32: the model.
        pictures: uint8 [n, s, s, 3], such as the model will see.
    """
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer.qtyping import TFLOperationName
    from ai_edge_quantizer.quantizer import Quantizer
    from ai_edge_quantizer.recipe_manager import RecipeManager

    recipe = RecipeManager()
    for name in CONVOLUTIONS:
        recipe.add_static_config(
            ".*", TFLOperationName[name], activation_num_bits=8, weight_num_bits=8
        )
    (signature, of_it), *_ = Interpreter(str(float32)).get_signature_list().items()
    seen = {signature: [{of_it["inputs"][0]: picture[None]} for picture in pictures]}
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # a bar for each step
        quantiser = Quantizer(float32.read_bytes(), recipe.get_quantization_recipe())
        found = quantiser.quantize(quantiser.calibrate(seen))
    float32.with_name(FILES["int8"]).write_bytes(found.quantized_model)


def load(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return a model as a function of pictures uint8 [n, s, s, 3] to embeddings float32 [n, d].

    Each core computes a picture of its own: in a batch each takes more time.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreters = [Interpreter(str(file), num_threads=1) for _ in range(usable_cores())]
    for interpreter in interpreters:
        interpreter.allocate_tensors()
    workers = ThreadPoolExecutor(len(interpreters))

    def one_by_one(interpreter: Interpreter, pictures: np.ndarray) -> list[np.ndarray]:
        given = interpreter.get_input_details()[0]["index"]
        taken = interpreter.get_output_details()[0]["index"]
        rows = []
        for picture in pictures:
            interpreter.set_tensor(given, picture[None])
            interpreter.invoke()
            rows.append(interpreter.get_tensor(taken)[0])
        return rows

    def forward(pictures: np.ndarray) -> np.ndarray:
        parts = np.array_split(pictures, min(len(interpreters), len(pictures)))
        found = workers.map(one_by_one, interpreters, parts)
        return np.stack([row for rows in found for row in rows])

    return forward
