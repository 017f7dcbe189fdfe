"""What the pictures that a table names are called on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.errors import InputError


def names_on_disk(
    names: Iterable[str],
    folder: Path,
    listed_in: Path,
    lines: Iterable[int] | None = None,
    *,
    must_be_there: bool = True,
) -> list[str]:
    """Names of pictures, or keys of animals in them, as the pictures are called in `folder`.

    Args:
        names: as a table has them.
        folder: of the pictures.
        listed_in: the table.
        lines: of each name in it; None: not known.
        must_be_there: False: a picture that is not there keeps the name it has in the table.

    Raises:
        InputError: a picture is not there, or it is unclear which one is meant. It names the first.
    """
    written = list(names)
    places = [""] * len(written) if lines is None else [f" line {line}" for line in lines]
    index = KnownNames(_files(folder), f"in {folder}")
    # The listing decides, since some disks find a file under another case or Unicode form too.
    there = {
        name
        for name in map(photograph_of, written)
        if str(PurePosixPath(name)) in index.names and (folder / name).is_file()
    }
    if all(photograph_of(name) in there for name in written):
        return written
    found = [
        name if photograph_of(name) in there else index.find(name, f"{listed_in}{place}")
        for name, place in zip(written, places, strict=True)
    ]
    missing = [n for n, name in enumerate(found) if name is None]
    if missing and must_be_there:
        first = photograph_of(written[missing[0]])
        others = len({photograph_of(written[n]) for n in missing} - {first})
        more = f" (and {others} more)" if others else ""
        example = next((name for name in index.names if "/." not in f"/{name}"), "")
        named = f", whose files are named like {example[:80]!r}" if example else ""
        raise InputError(
            f"{listed_in}{places[missing[0]]} lists {first[:80]!r}{more}, but {folder} has no such "
            f"file{named}: add it, or correct the row."
        )
    return [name or own for name, own in zip(found, written, strict=True)]


def _files(folder: Path) -> list[str]:
    """All files below a folder, sorted. Links to folders are followed unless they lead back."""
    found: list[str] = []
    if not os.path.isdir(folder):
        return found
    waiting: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(folder),))]
    while waiting:
        inside, above = waiting.pop()
        with os.scandir(os.path.join(folder, inside)) as entries:
            for entry in entries:
                name = f"{inside}{entry.name}"
                if not os.path.isdir(entry.path):
                    found.append(name)
                    continue
                real = os.path.join(above[-1], entry.name)
                real = os.path.realpath(real) if entry.is_symlink() else real
                if real not in above:
                    waiting.append((f"{name}/", (*above, real)))
    return sorted(found)
