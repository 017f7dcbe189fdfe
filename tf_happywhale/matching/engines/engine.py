"""What an engine is, and which one is used."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tf_happywhale.errors import InputError

Compiled = Callable[..., tuple[np.ndarray, ...]]  # of float32 arrays
NAMES = ("auto", "openvino", "keras")


class Engine(Protocol):
    """Runs functions of arrays.

    Args:
        name: in the words of the config.
        precision: of products, float32 or bfloat16.
    """

    name: str
    precision: str

    def compiled(
        self,
        function: Callable[..., Sequence],
        weights: Any,
        widths: Sequence[int],
        exact: bool = False,
    ) -> Compiled:
        """Return a function that several threads may call at once.

        Args:
            function: of operations (`keras.ops`, or a module with those of them that are used
                here), weights, and arrays [n, width] of any n; returns arrays.
            weights: arrays in tuples and lists.
            widths: of its arrays.
            exact: compute in float32 whatever the precision of the engine.
        """
        ...


def load_engine(name: str = "auto", precision: str | None = None) -> Engine:
    """Return an engine.

    Args:
        name: `openvino`, `keras`, or `auto`, which is OpenVINO where it is installed.
        precision: float32 or bfloat16; None for bfloat16 where the processor multiplies it.

    Raises:
        InputError: OpenVINO is asked for, but not installed.
    """
    if name == "openvino" and find_spec("openvino") is None:
        raise InputError(
            "match.engine is openvino, which is not installed: `pip install openvino`, or set "
            "match.engine=auto."
        )
    precision = precision or ("bfloat16" if multiplies_bfloat16() else "float32")
    if name == "openvino" or (name == "auto" and find_spec("openvino") is not None):
        from tf_happywhale.matching.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(precision)
    from tf_happywhale.matching.engines.keras_engine import KerasEngine

    return KerasEngine(precision)


def multiplies_bfloat16() -> bool:
    """Return whether the processor has instructions for bfloat16, so that it is faster there."""
    try:
        known = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    except OSError:  # not Linux
        return platform.machine() == "arm64"
    return any(flag in known for flag in ("avx512_bf16", "amx_bf16", "bf16"))
