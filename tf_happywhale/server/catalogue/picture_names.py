"""Which photograph a table's name means, where names and folders have changed on the way here.

A browser sends photographs with other folders in front, or without, and their names were made safe.
So a name means the only photograph whose path ends like it, or that it ends like.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS
from tf_happywhale.server.requests.safe_names import safe_name

Parts = tuple[str, ...]


def safe_path(given: str) -> str:
    """Return a path below a folder, each part of it made safe."""
    parts = [part for part in re.split(r"[/\\]", given) if part.strip() not in ("", ".", "..")]
    return "/".join(safe_name(part) for part in parts) or safe_name(given)


def matched_names(written: Iterable[str], files: Iterable[str]) -> dict[str, str]:
    """Return the files that names mean, by name. A name that may mean two files, or shares its file
    with another name, is left out.

    Args:
        written: names in a table.
        files: paths below the folder of the photographs.
    """
    by_last: dict[str, list[Parts]] = {}
    for file in files:
        parts = PurePosixPath(file).parts
        for last in {parts[-1], _stem(parts[-1])}:
            by_last.setdefault(last, []).append(parts)
    found = {}
    for name in dict.fromkeys(written):
        parts = PurePosixPath(safe_path(name)).parts
        there = [file for file in by_last.get(parts[-1], ()) if _end_alike(file, parts)]
        if len(there) == 1:
            found[name] = "/".join(there[0])
    shared = {file for file, count in Counter(found.values()).items() if count > 1}
    return {name: file for name, file in found.items() if file not in shared}


def _end_alike(file: Parts, name: Parts) -> bool:
    length = min(len(file), len(name)) - 1
    return length == 0 or file[-length - 1 : -1] == name[-length - 1 : -1]


def _stem(name: str) -> str:
    pure = PurePosixPath(name)
    return pure.stem if pure.suffix.lower() in IMAGE_ENDINGS else name
