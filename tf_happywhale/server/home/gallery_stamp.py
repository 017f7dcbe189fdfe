"""Whether a gallery has changed since it was read."""

from __future__ import annotations

import os
from pathlib import Path

HEAD = "gallery.json"  # as in `galleries/gallery_folder.py`, which the start of a server leaves out
CONTENT = ("part-", "change-")  # files beside it that say who is in it; others are computed again
Stamp = tuple[tuple[str, int, int, int], ...]


def stamp_of(folder: Path) -> Stamp | None:
    """Return names, sizes, times and numbers of the files that say what a gallery contains, which
    are others when it has changed; None if there is no gallery."""
    try:
        with os.scandir(folder) as entries:
            files = [one for one in entries if one.name == HEAD or one.name.startswith(CONTENT)]
            told = [(one.name, one.stat()) for one in files]
    except OSError:
        return None  # it is not there, or is being replaced
    found = sorted((name, of.st_size, of.st_mtime_ns, of.st_ino) for name, of in told)
    return tuple(found) if any(name == HEAD for name, *_ in found) else None
