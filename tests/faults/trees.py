"""What a folder holds, so that two of them can be compared by what their files mean."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np

TEXT = (".csv", ".json", ".jsonl", ".yaml", ".html", ".txt")


def snapshot(folder: Path) -> dict[str, str]:
    """A digest of each file's meaning, by its path in the folder; locks are left out.

    The folder's own name, times, and what Keras notes of the day do not count. A file that cannot
    be read as what it calls itself is `torn`.
    """
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith(".lock"):
            try:
                content = _meaning(file.name, file.read_bytes(), str(folder))
            except Exception as error:  # whatever a reader says of a torn file
                content = f"torn: {type(error).__name__}".encode()
            torn = content.startswith(b"torn")
            digest = hashlib.sha256(content).hexdigest()[:16]
            found[str(file.relative_to(folder))] = content.decode() if torn else digest
    return found


def _meaning(name: str, content: bytes, folder: str) -> bytes:
    if name.endswith(".keras"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = sorted(set(archive.namelist()) - {"metadata.json"})
            return b"".join(_meaning(member, archive.read(member), folder) for member in members)
    if name.endswith(".h5"):
        parts = []
        with h5py.File(io.BytesIO(content)) as file:
            file.visititems(
                lambda path, item: (
                    parts.append(path.encode() + np.asarray(item).tobytes())
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
        return b"".join(parts)
    if name.endswith(".npz"):
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return b"".join(_array(key, arrays[key], folder) for key in sorted(arrays.files))
    if name.endswith((".json", ".jsonl")):
        lines = [content] if name.endswith(".json") else content.splitlines()
        values = [_without_times(json.loads(line)) for line in lines]
        content = json.dumps(values, sort_keys=True).encode()
    return content.replace(folder.encode(), b"HERE") if name.endswith(TEXT) else content


def _array(key: str, array: np.ndarray, folder: str) -> bytes:
    if array.dtype.kind == "U":
        array = np.char.replace(array, folder, "HERE")
        return key.encode() + json.dumps(array.tolist()).encode()
    return key.encode() + array.tobytes()


def _without_times(value: object) -> object:
    if isinstance(value, dict):
        timed = ("seconds", "images_per_second", "devices", "git")
        return {key: _without_times(each) for key, each in value.items() if key not in timed}
    return [_without_times(each) for each in value] if isinstance(value, list) else value
