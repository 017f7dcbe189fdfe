"""`.safetensors` checkpoints, read tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError

KINDS = ("F64", "F32", "F16", "I64")  # I64: PyTorch's counters
MAPPED = 32 * 2**20  # bytes read until the file is opened again, since mapped bytes count as memory


class SafeTensors(Mapping):
    """The tensors of a file by name. Each is read from disk when it is used, so that the checkpoint
    is never in memory as a whole.

    Raises:
        InputError: the file is not whole, or a tensor has an unusual number type.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()
        self._names = dict.fromkeys(self._file.keys())

    def _open(self) -> None:
        from safetensors import SafetensorError, safe_open

        check_opens(self._path)
        try:
            self._file, self._read = safe_open(str(self._path), framework="numpy"), 0
        except (OSError, SafetensorError) as error:
            raise InputError(
                f"{self._path} is not a whole .safetensors file ({error}): fetch it again, or name "
                "another file."
            ) from None

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        if self._read > MAPPED:
            self._open()
        kind = self._file.get_slice(name).get_dtype()
        if kind not in KINDS:
            raise InputError(
                f"{self._path} holds {name} as {kind}, which is not used here: take a checkpoint "
                "in float32 or float16."
            )
        tensor = self._file.get_tensor(name)
        self._read += tensor.nbytes
        return tensor

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
