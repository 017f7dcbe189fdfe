"""The files of a gallery's corrections, which lie next to its embeddings and never replace them.

A correction is a small numbered JSON file. It holds for the parts that were there when it was made,
so that an id which is free after a renaming can be used again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import write_json
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.numbered_files import add_numbered, numbered
from tf_happywhale.retrieval.embeddings import Embeddings


@dataclass(frozen=True)
class Change:
    """Correction of a gallery.

    Attributes:
        verb: `rename`, which also merges one individual into another, or `remove`.
        individual_id: the individual; empty if the correction is about one image.
        to: the new individual_id; empty if something is removed.
        image: the image; empty if the correction is about all images of the individual.
        after: how many parts there were.
    """

    verb: str
    individual_id: str = ""
    to: str = ""
    image: str = ""
    after: int = 0


def add_change(folder: Path, change: Change) -> None:
    """Write a correction, whole or not at all. The caller is the folder's `only_writer`."""
    whole = folder / ".change.json"
    write_json(whole, asdict(change))
    try:
        add_numbered(whole, folder, "change")
    finally:
        whole.unlink(missing_ok=True)


def load_changes(folder: Path) -> list[Change]:
    """Return a gallery's corrections in their order.

    Raises:
        InputError: one is missing or damaged.
    """
    changes = []
    for file in numbered(folder, "change", ".json"):
        try:
            change = Change(**json.loads(file.read_text(encoding="utf-8")))
            if change.verb not in ("rename", "remove") or not isinstance(change.after, int):
                raise ValueError(change.verb)
        except (ValueError, TypeError):
            raise InputError(
                f"{file} is damaged: bring it back from a copy, or build the gallery again."
            ) from None
        changes.append(change)
    return changes


def changed(parts: Sequence[Embeddings], changes: Sequence[Change]) -> list[Embeddings]:
    """Return the parts after the corrections."""
    parts = list(parts)
    for change in changes:
        for number in range(min(change.after, len(parts))):
            parts[number] = _apply(change, parts[number])
    return parts


def _apply(change: Change, part: Embeddings) -> Embeddings:
    named, asked = (
        (part.image, change.image) if change.image else (part.individual_id, change.individual_id)
    )
    meant = named == asked
    if not meant.any():
        return part
    if change.verb == "remove":
        return part.take(~meant)
    ids = part.individual_id.astype(f"U{max(1, *map(len, (*part.individual_id, change.to)))}")
    return replace(part, individual_id=np.where(meant, change.to, ids))
