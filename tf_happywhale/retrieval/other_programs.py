"""Embeddings files of other programs: what they must hold, and what has a default.

A file must hold `embedding` [n, d] of any float and `image` text [n]. For images of the catalogue
it may hold `individual_id` text [n]; without it the catalogue's own labels count. Nothing is
unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError

NEEDED = ("embedding", "image")
FACTS = ("model", "fold", "trained_on", "source", "view", "preprocess")


def as_ours(arrays: Mapping[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of another program's `.npz` in the form that `save_embeddings` writes.

    `embedding` becomes float32 and text in bytes becomes text. A missing `individual_id` becomes
    empty text, missing centres become empty, and unknown arrays are left out.

    Raises:
        InputError: an array is missing, of another kind, or can be read in two ways.
    """
    missing = [name for name in NEEDED if name not in arrays]
    if missing:
        raise InputError(
            f"{path} lacks the array {' and '.join(missing)}; it has {', '.join(arrays) or 'none'}."
            " Save embedding [n, d] and image [n], and individual_id [n] of the catalogue."
        )
    embedding = np.asarray(arrays["embedding"])
    if embedding.ndim != 2 or embedding.dtype.kind not in "fiu":
        raise InputError(
            f"{path}: the array embedding has the shape {list(embedding.shape)} and the type "
            f"{embedding.dtype}. Save it as float32 [images, length]."
        )
    count = len(embedding)
    image = _text(arrays["image"], "image", count, path)
    who = np.full(count, "", "U1")
    if "individual_id" in arrays:
        who = _text(arrays["individual_id"], "individual_id", count, path)
    if ("centre" in arrays) != ("centre_id" in arrays):
        raise InputError(f"{path} has only one of centre and centre_id: save both, or neither.")
    facts = {name: arrays[name] for name in FACTS if name in arrays and arrays[name].ndim == 0}
    centres = {
        "centre": np.asarray(arrays.get("centre", np.zeros((0, 0))), np.float32),
        "centre_id": np.asarray(arrays.get("centre_id", np.zeros(0)), np.str_),
    }
    centre = centres["centre"]
    if centre.size and centre.shape != (len(centres["centre_id"]), embedding.shape[1]):
        raise InputError(
            f"{path}: the array centre has the shape {list(centre.shape)}, but must have a row for "
            f"each of {len(centres['centre_id'])} centre_id, of length {embedding.shape[1]}."
        )
    with np.errstate(over="ignore"):  # infinite numbers are refused by name later
        rows = embedding.astype(np.float32)
    return {"embedding": rows, "image": image, "individual_id": who, **centres, **facts}


def _text(array: np.ndarray, name: str, count: int, path: Path) -> np.ndarray:
    """Return text [n] from an array of text or UTF-8 bytes."""
    array = np.asarray(array)
    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{path}: the array {name} is not UTF-8 text.") from None
    if array.dtype.kind != "U":
        raise InputError(
            f"{path}: the array {name} holds numbers ({array.dtype}), which may have lost zeros at "
            f"their beginning. Save it as text: np.array({name}, dtype=str)."
        )
    if array.shape != (count,):
        raise InputError(
            f"{path}: the array {name} has the shape {list(array.shape)}, but embedding has "
            f"{count} rows."
        )
    return array
