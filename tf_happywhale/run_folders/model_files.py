"""Models and weights in a run folder: each file is written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import keras

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError
from tf_happywhale.run_folders.contents import check_model


def save_weights(path: Path, model: keras.Model) -> None:
    """Write `<name>.weights.h5`, whole or not at all."""
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"{path} must end in .weights.h5")
    content = _InMemory(path)
    model.save_weights(content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getbuffer())


class _InMemory(io.BytesIO):
    """File in memory that Keras treats as a file of this name. If HDF5 itself writes to a full
    disk, it cannot close its file, and the process crashes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.name = path.name

    def __str__(self) -> str:
        return self.name


def save_model(path: Path, model: keras.Model) -> None:
    """Write a `.keras` file, whole or not at all."""
    with atomic_write(path) as temporary:
        model.save(temporary)


def load_model(path: Path) -> keras.Model:
    """Read a `.keras` file of this package in Keras' safe mode.

    Raises:
        InputError: the file is missing, or is not such a model.
    """
    check_model(path)
    check_opens(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} cannot be loaded as a model ({reason}): train again.") from None
