"""Checks of the names of pictures: each once, and none outside the folder of the pictures."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import repeat
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, split_key
from tf_happywhale.errors import InputError

_PLAIN = re.compile(r"(?!\.{1,2}\Z)[^/\\:\0]+")


def is_plain(name: str) -> bool:
    """Whether a name is that of a file in the folder itself, written in the only way. Most names
    are, and need no path to be made of them, which takes time where there are many."""
    return _PLAIN.fullmatch(name) is not None


def all_plain(names: Collection[str]) -> bool:
    """Whether all names are plain, and none is the key of another than the first animal."""
    text = "\n".join(names)
    return not any(letter in text for letter in "/\\:\0#") and not {"", ".", ".."} & set(names)


def check_names(names: Iterable[str], path: Path, lines: Iterable[int] | None = None) -> None:
    """Raise InputError if an image is listed twice, or a name leads out of the image folder.

    Args:
        names: of images, or keys of animals in them.
        path: the table or folder that they are from.
        lines: the line of each name in it, if it is a table.
    """
    names = list(names)
    if len(set(names)) == len(names) and all_plain(names):
        return
    seen: dict[tuple[str, int], int | None] = {}
    numbers = repeat(None) if lines is None else lines
    for key, line in zip(names, numbers, strict=lines is not None):
        name, number = split_key(key)
        plain = is_plain(name)
        tidy = name if plain else str(PurePosixPath(name.replace("\\", "/")))
        if (tidy, number) in seen:
            before = seen[tidy, number]
            first = f", first in line {before}" if before else ""
            raise InputError(
                f"{_where(path, line)} lists the image {name[:80]!r} twice with box number {number}"
                f"{first}: keep one of the rows. If it shows several animals, number them 1, 2, 3 "
                f"in a column {BOX_NUMBER}, here and in the table of boxes (data.boxes={path.name} "
                "if their boxes are in this table)."
            )
        seen[tidy, number] = line
        if not plain:
            _check_inside(name, PurePosixPath(tidy), path, line)


def _check_inside(name: str, pure: PurePosixPath, path: Path, line: int | None) -> None:
    """Raise InputError if a name leads out of the image folder, or holds a colon."""
    if ":" in name and not pure.is_absolute() and not re.match(r"[A-Za-z]+:[\\/]", name):
        raise InputError(
            f"{_where(path, line)} names the image {name[:80]!r}, which holds a colon, and other "
            "systems take a colon for a disk: rename the file without it."
        )
    if not name or pure.is_absolute() or ".." in pure.parts or "\0" in name or ":" in name:
        raise InputError(
            f"{_where(path, line)} names the image {name[:80]!r}, which is not inside the image "
            "folder: give a name relative to it."
        )


def _where(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"Line {line} of {path}"
