"""Checkpoints of others: which of two formats a file has, and its tensors by other names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.safetensors_file import SafeTensors
from tf_happywhale.models.weights.torch_zip import TorchZip

ZIP = b"PK\x03\x04"
LONGEST_HEADER = 100 * 2**20  # bytes that .safetensors allows


def read_checkpoint(path: Path) -> Mapping[str, np.ndarray]:
    """Return the tensors of a file by its own names; each is read when it is used.

    The format is told by the first bytes, not by the ending: `.bin`, `.pt`, `.pth` and `.ckpt` are
    all PyTorch's.

    Raises:
        InputError: there is no such file, it is of another format, cut off, or holds more than
            tensors, numbers and text.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}: name the checkpoint that you downloaded.")
    check_opens(path)
    with path.open("rb") as file:
        first = file.read(9)
    if first.startswith(ZIP):
        return TorchZip(path)
    header = int.from_bytes(first[:8], "little")
    if len(first) == 9 and first[8:] == b"{" and header < LONGEST_HEADER:
        return SafeTensors(path)
    raise InputError(
        f"{path} is no checkpoint: it is neither a .safetensors file nor one that PyTorch 1.6 or "
        "later saved."
    )


class Renamed(Mapping):
    """Tensors under other names.

    Args:
        tensors: by the names that they are stored under.
        stored: their stored name by each new name.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray], stored: Mapping[str, str]) -> None:
        self._tensors, self._stored = tensors, stored

    def __getitem__(self, name: str) -> np.ndarray:
        return self._tensors[self._stored[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)
