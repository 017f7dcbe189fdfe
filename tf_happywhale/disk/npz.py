"""Arrays in an `.npz` that can be mapped: read from the disk when they are needed."""

from __future__ import annotations

import math
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import atomic_write

ALIGNED = 64  # bytes; the header of an `.npy` is a multiple of it too
HEADER = 30 + 20  # bytes of a ZIP entry's header, and of what it says for large files
PADDING = struct.pack("<HH", 0xD935, 0)  # the field by which Android's zipalign does the same


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name into an `.npz` without pickles, whole or not at all.

    The arrays begin at multiples of 64 bytes, unlike those of `np.savez`, so they are read much
    faster when they are mapped from the file.
    """
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(aligned(archive, name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def aligned(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return the entry of an array that is written next, so that it begins at a multiple of 64
    bytes."""
    entry = zipfile.ZipInfo(f"{name}.npy")
    begins = archive.fp.tell() + HEADER + len(entry.filename.encode())
    padding = -(begins + len(PADDING)) % ALIGNED
    entry.extra = PADDING[:2] + struct.pack("<H", padding) + bytes(padding)
    return entry


def map_array(path: Path, name: str, dtype: type | None = None) -> np.ndarray | None:
    """Return an array of an `.npz`, mapped; None if it is compressed, empty, or not of this dtype
    (None: of any that needs no pickle).

    Raises:
        ValueError: there are fewer or more rows than the file says.
        KeyError: there is no such array.
    """
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        entry = archive.getinfo(f"{name}.npy")
        if entry.compress_type != zipfile.ZIP_STORED:
            return None
        file.seek(entry.header_offset + 26)  # the lengths of the name and of the extra field
        file.seek(sum(struct.unpack("<HH", file.read(4))), os.SEEK_CUR)
        begins = file.tell()
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            return None
        shape, fortran, found = np.lib.format.read_array_header_1_0(file)
        if fortran or found.hasobject or 0 in shape or (dtype is not None and found != dtype):
            return None
        if file.tell() - begins + math.prod(shape) * found.itemsize != entry.file_size:
            raise ValueError("more rows, or fewer, than there is room for")
        mapped = np.memmap(path, found, "r", offset=file.tell(), shape=shape)
    return mapped.view(np.ndarray)
