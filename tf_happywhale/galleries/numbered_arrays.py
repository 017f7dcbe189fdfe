"""A folder of numbered `.npz` files of one kind. Files are only added."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.npz import write_npz
from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.numbered_files import add_numbered, numbered, only_writer


class NumberedArrays:
    """Files `<stem>-00000.npz` and so on in a folder.

    Args:
        folder: it need not exist yet.
        stem: of the files' names.
        names: of the arrays in a file.
    """

    def __init__(self, folder: Path, stem: str, names: tuple[str, ...]) -> None:
        self.folder, self.stem, self.names = Path(folder), stem, names

    def files(self) -> list[Path]:
        """Return the files in order; none if the folder does not exist.

        Raises:
            InputError: a number is missing.
        """
        return numbered(self.folder, self.stem, ".npz")

    def read(self, file: Path, but: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
        """Return the arrays of one of the files by name, without those in `but`.

        Raises:
            InputError: the file cannot be opened, or is damaged.
        """
        check_opens(file)
        try:
            with np.load(file, allow_pickle=False) as archive:
                if not set(self.names) <= set(archive.files):
                    raise ValueError("other arrays")
                return {name: archive[name] for name in self.names if name not in but}
        except Exception as error:  # NumPy, zipfile and its decompressors raise many kinds
            raise damaged(file, error) from None

    @property
    def writable(self) -> bool:
        """Whether files may be added: not on a disk, or in a gallery, that can only be read."""
        there = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        return os.access(there, os.W_OK)

    def add(self, arrays: Mapping[str, np.ndarray]) -> Path:
        """Write one more file, whole or not at all, and return its path.

        Raises:
            InputError: another process has been writing to the folder for a minute.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with only_writer(self.folder):
            whole = self.folder / f".{self.stem}.npz"
            write_npz(whole, arrays)
            try:
                return add_numbered(whole, self.folder, self.stem)
            finally:
                whole.unlink(missing_ok=True)


def folder_of(home: Path, kind: str, about: Mapping[str, str]) -> Path:
    """Return the folder of arrays of one kind: what something else makes lies in another one.

    Args:
        home: a gallery's folder, or the one in which embeddings are kept.
        kind: such as `points`.
        about: what makes the arrays.
    """
    return Path(home) / kind / digest(sorted(about.items()))[:12]


def damaged(file: Path, error: Exception) -> InputError:
    """Return the error to raise about a file that cannot be read."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:80]
    return InputError(
        f"{file} is damaged ({reason}): remove its folder, whose content is then computed again."
    )
