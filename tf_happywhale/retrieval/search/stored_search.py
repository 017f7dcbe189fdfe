"""A search in a folder: what is asked, what is known, and whose it is, for other processes to read.

Embeddings that are mapped from files stay where they are, and are mapped from there. Only what is
in memory is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.disk.files import atomic_write, write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.npz import map_array, write_npz
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack

SAYS, ARRAYS = "search.json", "arrays.npz"


@dataclass(frozen=True)
class StoredSearch:
    """A search: the best labels of each query.

    Attributes:
        queries: n rows.
        gallery: m rows.
        labels: int64 [m].
        settings: the further arguments of `exact.nearest`: k, engine, shortlist, memory.
    """

    queries: Stack
    gallery: Stack | Blend
    labels: np.ndarray
    settings: Mapping[str, Any]


def store_search(home: Path, search: StoredSearch) -> Path:
    """Return the folder in `home` that holds a search; it is written if it is not there. The same
    search is always in the same folder, and another one in another."""
    arrays: dict[str, np.ndarray] = {"labels": search.labels}
    says = {
        "queries": _said(search.queries, "queries", arrays),
        "gallery": _said(search.gallery, "gallery", arrays),
        "settings": dict(search.settings),
    }
    content = {name: hashlib.sha256(_bytes(array)).hexdigest() for name, array in arrays.items()}
    folder = home / digest([says, content])[:16]
    if not folder.is_dir():
        with atomic_write(folder) as making:
            making.mkdir()
            write_npz(making / ARRAYS, arrays)
            write_json(making / SAYS, says)
    return folder


def open_search(folder: Path) -> StoredSearch:
    """Return what `store_search` wrote; its arrays are mapped."""
    says = json.loads((folder / SAYS).read_text(encoding="utf-8"))
    queries, gallery = (_read(says[side], folder) for side in ("queries", "gallery"))
    return StoredSearch(queries, gallery, _array("labels", folder, np.int64), says["settings"])


def _said(rows: Stack | Blend, name: str, arrays: dict[str, np.ndarray]) -> dict:
    """Return rows in words, and put the arrays that have to be written into `arrays`."""
    if isinstance(rows, Blend):
        parts = {"images": rows.images, "centres": rows.centres}
        said = {key: _said(part, f"{name}/{key}", arrays) for key, part in parts.items()}
        return {**said, "share": rows.share}
    members = []
    for n, part in enumerate(rows.parts):
        own = f"{name}/{n}"
        arrays[f"{own}/rows"] = np.asarray(rows.rows[n], np.int64)
        arrays[f"{own}/scales"] = np.asarray(rows.scales[n], np.float64)
        file = _file_of(part)
        if file is None:
            arrays[f"{own}/part"] = np.ascontiguousarray(part, np.float32)
        members.append({"name": own, "file": file})
    return {"members": members}


def _file_of(part: np.ndarray) -> dict | None:
    """Return where a mapped array lies in which file; None if it is in memory."""
    mapped = part.base
    if not isinstance(mapped, np.memmap) or mapped.filename is None or part.dtype != np.float32:
        return None
    same = part.ctypes.data == mapped.ctypes.data and part.shape == mapped.shape
    if not (same and part.flags.c_contiguous):
        return None
    file = Path(mapped.filename).absolute()
    about = file.stat()  # another file of this name is another search
    return {
        "path": str(file), "offset": int(mapped.offset), "shape": list(part.shape),
        "size": about.st_size, "changed": about.st_mtime_ns,
    }  # fmt: skip


def _read(said: dict, folder: Path) -> Stack | Blend:
    if "share" in said:
        images, centres = (_read(said[key], folder) for key in ("images", "centres"))
        return Blend(images, centres, said["share"])
    members = said["members"]
    return Stack(
        tuple(_part(member, folder) for member in members),
        tuple(_array(f"{member['name']}/rows", folder, np.int64) for member in members),
        tuple(_array(f"{member['name']}/scales", folder, np.float64) for member in members),
    )


def _part(member: dict, folder: Path) -> np.ndarray:
    file = member["file"]
    if file is None:
        return _array(f"{member['name']}/part", folder, np.float32)
    path, shape = file["path"], tuple(file["shape"])
    return np.memmap(path, np.float32, "r", offset=file["offset"], shape=shape).view(np.ndarray)


def _array(name: str, folder: Path, dtype: type) -> np.ndarray:
    mapped = map_array(folder / ARRAYS, name, dtype)
    if mapped is not None:
        return mapped
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        return arrays[name]


def _bytes(array: np.ndarray) -> memoryview:
    return memoryview(np.ascontiguousarray(array)).cast("B")
