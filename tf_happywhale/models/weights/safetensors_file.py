"""A `.safetensors` checkpoint, read tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError


class SafeTensors(Mapping):
    """The tensors of a file by name; each is read from disk when it is asked for.

    So filling a network never holds the checkpoint a second time in memory.

    Raises:
        InputError: the file is cut off or of another kind.
    """

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            self._file = safe_open(str(path), framework="numpy")
            self._names = list(self._file.keys())
        except (OSError, SafetensorError) as error:
            raise InputError(
                f"{path} is no whole .safetensors file ({error}): fetch it again, or name another "
                "with model.weights."
            ) from None

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        return self._file.get_tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
