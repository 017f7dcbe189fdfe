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
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.numbered_files import add_numbered, numbered
from tf_happywhale.retrieval.embeddings import Embeddings

REMOVED = ""  # in place of an individual: the image was taken out


@dataclass(frozen=True)
class Change:
    """Correction of a gallery.

    Attributes:
        verb: `rename`, which also merges one individual into another, or `remove`.
        individual_id: the individual; empty if the correction is about one image.
        to: the new individual_id; empty if something is removed.
        image: the image; empty if the correction is about all images of the individual.
        after: how many parts there were; 0 if it was made in the gallery before this one, which
            was renewed: then it only says what an individual was called.
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


def called_now(individual_id: str, changes: Sequence[Change]) -> str:
    """Return the id that an individual has after corrections; REMOVED if it was taken out."""
    for change in changes:
        if individual_id != REMOVED and change.individual_id == individual_id:
            individual_id = change.to if change.verb == "rename" else REMOVED
    return individual_id


def mark_of(changes: Sequence[Change]) -> str:
    """Return a text that tells the corrections of individuals that there are from fewer or others.
    A gallery that is renewed has the same ones."""
    return digest([(one.verb, one.individual_id, one.to) for one in of_individuals(changes)])[:16]


def made_since(mark: str, changes: Sequence[Change]) -> list[Change] | None:
    """Return the corrections of individuals that were made after those of a mark, see `mark_of`;
    None if the mark is of others."""
    whole = of_individuals(changes)
    return next((whole[n:] for n in range(len(whole) + 1) if mark_of(whole[:n]) == mark), None)


def of_individuals(changes: Sequence[Change]) -> list[Change]:
    """Return the corrections that are about all images of an individual."""
    return [change for change in changes if change.individual_id]


def changed(parts: Sequence[Embeddings], changes: Sequence[Change]) -> list[Embeddings]:
    """Return the parts after the corrections."""
    found = []
    for number, part in enumerate(parts):
        names = names_after(part.image, part.individual_id, number, changes)
        if names is not part.individual_id:
            there = names != REMOVED
            part = replace(part, individual_id=names)
            part = part if there.all() else part.take(there)
        found.append(part)
    return found


def names_after(
    image: np.ndarray, individual_id: np.ndarray, number: int, changes: Sequence[Change]
) -> np.ndarray:
    """Return the individual in each image after the corrections, str [n]; REMOVED where the image
    is no longer in the gallery. Without a correction of them it is `individual_id` itself.

    Args:
        image: the names of the images of one part, str [n].
        individual_id: the individuals as they were written, str [n].
        number: of the part.
        changes: the corrections in their order.
    """
    names = individual_id
    for change in changes:
        if number >= change.after:
            continue
        meant = image == change.image if change.image else names == change.individual_id
        meant &= names != REMOVED
        if not meant.any():
            continue
        to = REMOVED if change.verb == "remove" else change.to
        width = max(names.dtype.itemsize // 4, len(to))
        names = np.where(meant, to, names.astype(f"U{width}"))
    return names
