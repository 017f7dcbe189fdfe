"""Engines that compute tiles of dot products, NumPy or TensorFlow, and bounds on their errors."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.joined_rows import TILE_ROWS, Blend, Stack

FLOAT32 = 2.0**-24  # relative rounding error of one float32 operation
BFLOAT16 = 2.0**-8  # the same of rounding to bfloat16's eight significant bits
TF32 = 2.0**-10  # the same on NVIDIA's tensor cores, which keep eleven bits and may cut the others
LARGE = 2e11  # from this many multiplications on, loading TensorFlow pays
SMALL = 1e9  # the same if it is loaded already


@dataclass(frozen=True)
class Operand:
    """Rows of length 1 at most, in the form that an engine multiplies.

    Attributes:
        rows: the engine's own array [b, d].
        off: largest length of the difference between a row and what is multiplied in its place.
    """

    rows: Any
    off: float


class NumpyEngine:
    """Engine that multiplies float32 by the BLAS that NumPy comes with."""

    bytes = 4  # of each number of an operand
    rounding = 0.0  # relative rounding of the returned dot products

    def operand(self, rows: Stack | Blend, start: int, stop: int) -> Operand:
        """Return the rows from `start` to `stop` as an operand."""
        return Operand(rows.tile(slice(start, stop)), 0.0)

    def dots(self, gallery: Operand, queries: Operand) -> np.ndarray:
        """Return dot products float32 [gallery, queries]."""
        return gallery.rows @ queries.rows.T


class TensorFlowEngine:
    """Engine that multiplies float32 or bfloat16 on the device that TensorFlow finds.

    With bfloat16 the operands and the results are rounded to eight bits, and the sums are float32.

    Args:
        bfloat16: whether to multiply so; None: if there are units for it.

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
        self.gpu = bool(tf.config.list_logical_devices("GPU"))
        self.rounding = BFLOAT16 if bfloat16 else 0.0

    def operand(self, rows: Stack | Blend, start: int, stop: int) -> Operand:
        """Return the rows from `start` to `stop` as an operand on the device."""
        if not self.bfloat16:
            tile = rows.tile(slice(start, stop))
            return Operand(self.tf.constant(tile), TF32 if self.gpu else 0.0)
        bits, off = np.empty((stop - start, rows.width), np.uint16), 0.0
        for first in range(start, stop, TILE_ROWS):  # stays in the cache while it is rounded
            last = min(first + TILE_ROWS, stop)
            tile = rows.tile(slice(first, last))
            rounded = round_to_bfloat16(tile)
            bits[first - start : last - start] = rounded.view(np.uint32) >> 16
            tile -= rounded
            off = max(off, float(np.einsum("ij,ij->i", tile, tile).max()))
        return Operand(self.tf.bitcast(self.tf.constant(bits), self.tf.bfloat16), off**0.5)

    def dots(self, gallery: Operand, queries: Operand) -> np.ndarray:
        """Return dot products [gallery, queries]: float32, or int16 with the bits of bfloat16."""
        dots = self.tf.matmul(gallery.rows, queries.rows, transpose_b=True)
        if self.bfloat16:
            dots = self.tf.bitcast(dots, self.tf.int16)
        return dots.numpy() if self.gpu else np.asarray(memoryview(dots))  # numpy() copies


def round_to_bfloat16(rows: np.ndarray) -> np.ndarray:
    """Return the nearest numbers of eight significant bits to float32 numbers."""
    bits = rows.view(np.uint32) + np.uint32(0x8000)  # half of the last bit that is kept
    bits &= np.uint32(0xFFFF0000)
    return bits.view(np.float32)


def error_bound(gallery: Operand, queries: Operand, width: int) -> float:
    """Return how far a dot product may be from the exact one, before it is rounded and returned.

    |q̃·g̃ − q·g| ≤ |q̃ − q|·|g̃| + |q|·|g̃ − g| by Cauchy and Schwarz, where the differences are
    measured, not estimated. In any order, the float32 sum of `width` products is off by width·2⁻²⁴
    of the lengths at most (Higham 2002, section 3.1). The eight are for normalising.
    """
    off = queries.off * (1 + gallery.off) + gallery.off
    return off + (width + 8) * FLOAT32 * (1 + gallery.off) * (1 + queries.off)


def has_bfloat16(tf: Any) -> bool:
    """Return whether TensorFlow multiplies bfloat16 in units made for it: a GPU's from compute
    capability 8 on, or a processor's through oneDNN."""
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


def load_engine(rank: Rank, work: float) -> None:
    """Load TensorFlow if the searches to come, `work` multiplications together, pay for it.

    Each search alone may be too small to pay for it. Once TensorFlow is loaded, all use it.
    """
    if rank.engine == "auto":
        choose_engine("auto", rank.shortlist, work)


def choose_engine(name: str, shortlist: str, work: float) -> NumpyEngine | TensorFlowEngine:
    """Return the engine of that name.

    Args:
        name: `numpy`, `tensorflow`, or `auto`: TensorFlow if it is installed, can be loaded, and
            the search is large enough to pay for loading it.
        shortlist: what TensorFlow multiplies: `float32`, `bfloat16`, or `auto` (bfloat16 if there
            are units for it).
        work: the number of multiplications that the search takes.
    """
    if name == "auto":
        enough = SMALL if "tensorflow" in sys.modules else LARGE
        large = work > enough and find_spec("tensorflow")
        name = "tensorflow" if large and _tensorflow_loads() else "numpy"
    if name == "numpy":
        return NumpyEngine()
    return TensorFlowEngine(None if shortlist == "auto" else shortlist == "bfloat16")


@cache
def _tensorflow_loads() -> bool:
    """Return whether the installed TensorFlow can be imported; if not, say so once."""
    try:
        import tensorflow  # noqa: F401
    except Exception as error:  # a broken installation fails in any way
        said = (str(error).splitlines() or [type(error).__name__])[0]
        print(f"TensorFlow is installed, but cannot be loaded ({said}): NumPy searches instead.")
        return False
    return True
