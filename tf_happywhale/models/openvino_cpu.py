"""OpenVINO on the processor: one core for the whole process."""

from __future__ import annotations

from functools import cache
from typing import Any

from tf_happywhale.cores import usable_cores

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


def compiled(model: Any, precision: str) -> Any:
    """Return a model compiled for the processor, with a stream for each usable core.

    If all cores shared one picture, they would wait for each other after every layer, and for the
    core that decodes the next batch.

    Args:
        model: an `openvino.Model`, or the path of a model file as text.
        precision: `float32` or `bfloat16`.

    Returns:
        An `openvino.CompiledModel`.
    """
    cores = usable_cores()
    hints = {
        "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
        "NUM_STREAMS": cores,
        "INFERENCE_NUM_THREADS": cores,
    }
    return _core().compile_model(model, "CPU", hints)


def read_model(path: str) -> Any:
    """Return a model file, or the folder of a SavedModel, as an `openvino.Model`."""
    return _core().read_model(path)


@cache
def _core() -> Any:
    """Return the core, which lives as long as the process.

    Each core of OpenVINO 2026 gives the thread a stack for signals, and restores the earlier one
    when it goes. If two of them go in the order in which they came, the restored one is freed
    already, and Ctrl-C ends Python with a segmentation fault.
    """
    import openvino

    return openvino.Core()
