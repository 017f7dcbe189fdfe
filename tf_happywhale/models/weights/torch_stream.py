"""PyTorch's old checkpoint format (before 1.6), read without PyTorch and without unpickling.

The file begins with five pickles: a magic number, the protocol, facts about the machine, the state
dict with references to storages, and the keys of the storages. Then follow, for each key, the
number of elements and their bytes.

Format: `_legacy_save` in https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_pickle import Tensor, array_of, walk

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


def read_torch_stream(path: Path, expected_sha256: str) -> dict[str, np.ndarray]:
    """Return the state dict of a checkpoint file: arrays by name, float32 or int64.

    Raises:
        InputError: the content is not the expected one, or is not only plain tensors.
    """
    return parse_torch_stream(expected_content(path, expected_sha256))


def expected_content(path: Path, expected_sha256: str) -> bytes:
    """Return the bytes of a file; InputError if their hash is another than the expected one."""
    content = Path(path).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected_sha256:
        raise InputError(
            f"{path} is not the expected file (SHA-256 {found[:12]}…, expected "
            f"{expected_sha256[:12]}…): reinstall the package it came from."
        )
    return content


def parse_torch_stream(content: bytes) -> dict[str, np.ndarray]:
    """Return the state dict in the bytes of a file; see `read_torch_stream`."""
    stream = io.BytesIO(content)
    try:
        magic, protocol, _, state, keys = (walk(stream) for _ in range(5))
        if magic != MAGIC or protocol != PROTOCOL:
            raise InputError("This is not a PyTorch checkpoint of the format before 1.6.")
        raw = {}
        for key in keys:
            start = stream.tell() + 8
            elements = int.from_bytes(content[start - 8 : start], "little")
            raw[key] = start, elements
            dtype = next(t.storage.dtype for t in state.values() if t.storage.key == key)
            stream.seek(start + elements * dtype.itemsize)
        return {name: _array(content, tensor, raw) for name, tensor in state.items()}
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"The checkpoint is damaged ({error}): fetch it again.") from None


def _array(content: bytes, tensor: Tensor, raw: dict[str, tuple[int, int]]) -> np.ndarray:
    start, elements = raw[tensor.storage.key]
    return array_of(tensor, np.frombuffer(content, tensor.storage.dtype, elements, start))
