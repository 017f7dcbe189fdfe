"""Who multiplies: tiles of dot products by NumPy or TensorFlow, and how far off they may be."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.errors import InputError

FLOAT32 = 2.0**-24  # relative rounding error of one float32 operation
BFLOAT16 = 2.0**-8  # of rounding to bfloat16's eight significant bits
TF32 = 2.0**-11  # of rounding to the eleven bits that NVIDIA's tensor cores take of a float32
LARGE = 2e11  # multiplications from which loading TensorFlow pays
SMALL = 1e9  # the same where it is loaded already


@dataclass(frozen=True)
class Operand:
    """Rows as an engine multiplies them.

    Attributes:
        rows: the engine's own array [b, d].
        length: largest length of a row.
        off: largest length of the difference between a row and what is multiplied in its place.
    """

    rows: Any
    length: float
    off: float


class NumpyEngine:
    """float32 by the BLAS that NumPy comes with."""

    bytes = 4  # of a number of an operand
    rounding = 0.0  # relative, of the dot products handed back

    def operand(self, tile: np.ndarray) -> Operand:
        """Rows float32 [b, d] made ready."""
        return Operand(tile, _longest(tile), 0.0)

    def dots(self, gallery: Operand, queries: Operand) -> np.ndarray:
        """Dot products float32 [gallery, queries]."""
        return gallery.rows @ queries.rows.T


class TensorFlowEngine:
    """float32 or bfloat16 on whatever device TensorFlow finds.

    With bfloat16 the operands and the results are rounded to eight bits, the sums are float32;
    None: where there are units for it.

    Raises:
        InputError: TensorFlow is not installed.
    """

    def __init__(self, bfloat16: bool | None) -> None:
        try:
            import tensorflow as tf
        except ImportError:
            raise InputError(
                "rank.engine=tensorflow needs TensorFlow: pip install tensorflow, or set "
                "rank.engine=numpy."
            ) from None
        self.tf = tf
        bfloat16 = has_bfloat16(tf) if bfloat16 is None else bfloat16
        self.bfloat16 = bfloat16
        self.bytes = 2 if bfloat16 else 4
        self.rounding = BFLOAT16 if bfloat16 else 0.0
        self.gpu = bool(tf.config.list_logical_devices("GPU"))

    def operand(self, tile: np.ndarray) -> Operand:
        """Rows float32 [b, d] put on the device."""
        longest = _longest(tile)
        if not self.bfloat16:
            return Operand(self.tf.constant(tile), longest, TF32 * longest if self.gpu else 0.0)
        rows = self.tf.cast(tile, self.tf.bfloat16)
        off = self.tf.norm(self.tf.cast(rows, self.tf.float32) - tile, axis=1)
        return Operand(rows, longest * (1 + BFLOAT16), float(self.tf.reduce_max(off)))

    def dots(self, gallery: Operand, queries: Operand) -> np.ndarray:
        """Dot products [gallery, queries], float32, or int16 that are the bits of bfloat16."""
        dots = self.tf.matmul(gallery.rows, queries.rows, transpose_b=True)
        if self.bfloat16:
            dots = self.tf.bitcast(dots, self.tf.int16)
        return dots.numpy() if self.gpu else np.asarray(memoryview(dots))  # numpy() copies


def error_bound(gallery: Operand, queries: Operand, width: int) -> float:
    """How far a dot product may be from the exact one, before it is rounded to be handed back.

    |q̃·g̃ − q·g| ≤ |q̃ − q|·|g̃| + |q|·|g̃ − g| by Cauchy and Schwarz, where the differences are
    measured, not estimated; in whatever order float32 sums `width` products, they are off by
    width·2⁻²⁴ of the lengths at most (Higham 2002, section 3.1). The eight are for normalising.
    """
    off = queries.off * gallery.length + queries.length * gallery.off
    return off + (width + 8) * FLOAT32 * gallery.length * queries.length


def has_bfloat16(tf: Any) -> bool:
    """Whether TensorFlow multiplies bfloat16 in units made for it: a GPU's from compute capability
    8 on, or a processor's through oneDNN."""
    if tf.config.list_logical_devices("GPU"):
        details = tf.config.experimental.get_device_details
        gpus = tf.config.list_physical_devices("GPU")
        return all(details(gpu).get("compute_capability", (0, 0))[0] >= 8 for gpu in gpus)
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") == "0":
        return False
    return _processor_has_bfloat16()


@cache
def _processor_has_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def choose_engine(name: str, shortlist: str, work: float) -> NumpyEngine | TensorFlowEngine:
    """The engine of that name.

    Args:
        name: `numpy`, `tensorflow`, or `auto`: TensorFlow where it is installed and the search is
            large enough to pay for loading it.
        shortlist: what TensorFlow multiplies, `float32`, `bfloat16`, or `auto`: bfloat16 where
            there are units for it.
        work: multiplications the search takes.
    """
    if name == "auto":
        enough = SMALL if "tensorflow" in sys.modules else LARGE
        name = "tensorflow" if work > enough and find_spec("tensorflow") else "numpy"
    if name == "numpy":
        return NumpyEngine()
    return TensorFlowEngine(None if shortlist == "auto" else shortlist == "bfloat16")


def _longest(tile: np.ndarray) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", tile, tile).max(initial=0.0)))
