"""PyTorch's checkpoint format since 1.6, read without PyTorch and without unpickling.

The file is a zip archive of one folder: `data.pkl`, the state dict with references to storages, and
`data/KEY`, the bytes of each storage. Training programs put the state dict into another one, under
`state_dict` or `model`, beside what else they keep.

Format: `_save` in https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_pickle import Tensor, array_of, walk
from tf_happywhale.models.weights.torch_stream import expected_content

INNER = ("state_dict", "model")  # in the order in which timm looks for them


class TorchZip(Mapping):
    """The tensors of a checkpoint by name. Each is read from disk when it is used, so that the
    checkpoint is never in memory as a whole.

    Args:
        file: its path, or its content.
        name: what it is called in sentences; None: its path.

    Raises:
        InputError: it is not whole, or holds more than plain tensors, numbers and text.
    """

    def __init__(self, file: Path | BinaryIO, name: str | None = None) -> None:
        self._name = str(file) if name is None else name
        with self._in_words():
            self._archive = zipfile.ZipFile(file)
            (place,) = (one for one in self._archive.namelist() if one.endswith("/data.pkl"))
            self._folder = place.removesuffix(".pkl")
            state = walk(io.BytesIO(self._archive.read(place)))
            inner = (state[key] for key in INNER if isinstance(state.get(key), dict))
            named = next(inner, state)
            self._tensors = {key: one for key, one in named.items() if isinstance(one, Tensor)}

    def __getitem__(self, name: str) -> np.ndarray:
        tensor = self._tensors[name]
        with self._in_words():
            content = self._archive.read(f"{self._folder}/{tensor.storage.key}")
            return array_of(tensor, np.frombuffer(content, tensor.storage.dtype))

    def __contains__(self, name: object) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            raise InputError(str(error).replace("The checkpoint", self._name, 1)) from None
        except Exception as error:
            raise InputError(
                f"{self._name} is not a whole checkpoint of PyTorch ({error}): fetch it again."
            ) from None


def read_torch_zip(path: Path, expected_sha256: str) -> dict[str, np.ndarray]:
    """Return the state dict of a checkpoint file: arrays by name, float32 or int64.

    Raises:
        InputError: the content is not the expected one, or is not only plain tensors.
    """
    return parse_torch_zip(expected_content(path, expected_sha256))


def parse_torch_zip(content: bytes) -> dict[str, np.ndarray]:
    """Return the state dict in the bytes of a file; see `read_torch_zip`."""
    return dict(TorchZip(io.BytesIO(content), "The checkpoint"))
