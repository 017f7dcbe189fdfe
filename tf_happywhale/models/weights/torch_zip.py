"""PyTorch's checkpoint format since 1.6, read without PyTorch and without unpickling.

The file is a zip archive of one folder: `data.pkl`, the state dict with references to storages, and
`data/KEY`, the bytes of each storage.

Format: `_save` in https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_pickle import Tensor, array_of, walk
from tf_happywhale.models.weights.torch_stream import expected_content


def read_torch_zip(path: Path, expected_sha256: str) -> dict[str, np.ndarray]:
    """Return the state dict of a checkpoint file: arrays by name, float32 or int64.

    Raises:
        InputError: the content is not the expected one, or is not only plain tensors.
    """
    return parse_torch_zip(expected_content(path, expected_sha256))


def parse_torch_zip(content: bytes) -> dict[str, np.ndarray]:
    """Return the state dict in the bytes of a file; see `read_torch_zip`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (place,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
            state = walk(io.BytesIO(archive.read(place)))
            folder = place.removesuffix(".pkl")
            return {name: _array(archive, folder, tensor) for name, tensor in state.items()}
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"The checkpoint is damaged ({error}): fetch it again.") from None


def _array(archive: zipfile.ZipFile, folder: str, tensor: Tensor) -> np.ndarray:
    flat = np.frombuffer(archive.read(f"{folder}/{tensor.storage.key}"), tensor.storage.dtype)
    return array_of(tensor, flat)
