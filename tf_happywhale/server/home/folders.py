"""The folders from which a person chooses: names, and how many photographs lie in each."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.photographs.photo_files import is_photograph
from tf_happywhale.errors import InputError
from tf_happywhale.server.home.home import Home

MOST_FILES = 5000  # of a folder that are counted
MOST_FOLDERS = 1000  # that are listed


def folders_in(home: Home, path: str) -> dict[str, Any]:
    """Return what lies in a folder, for choosing: `path`, `parent`, and `folders` with name, path,
    number of photographs, and whether each is a catalogue.

    Args:
        home: which folders may be read.
        path: of a folder; empty: the folders that may be read themselves.

    Raises:
        InputError: it may not be read, or is no folder.
    """
    if not path.strip():
        roots = [root for root in dict.fromkeys(home.roots) if root.is_dir()]
        shown = [_entry(root, str(root)) for root in roots]
        return {"path": "", "parent": None, "pictures": 0, "catalogue": False, "folders": shown}
    folder = home.allowed(path)
    if not folder.is_dir():
        raise InputError(f"There is no folder {path}: choose another.")
    parent = "" if folder in home.roots else str(folder.parent)
    inside = [_entry(place, place.name) for place in _below(folder)]
    own = _entry(folder, folder.name)
    return {
        "path": str(folder),
        "parent": parent,
        "pictures": own["pictures"],
        "catalogue": own["catalogue"],
        "folders": inside,
    }


def _below(folder: Path) -> list[Path]:
    """Return the folders in a folder by name, without hidden ones, and without links: these may
    lead elsewhere."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and _is_folder(entry) and entry.name.isprintable():
                found.append(Path(entry.path))
    return sorted(found, key=lambda place: (place.name.casefold(), place.name))[:MOST_FOLDERS]


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _entry(folder: Path, name: str) -> dict[str, Any]:
    """Return a folder as the page shows it. One that cannot be read has no photographs."""
    pictures = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_FILES:
                break
            pictures += not entry.name.startswith(".") and is_photograph(Path(entry.name))
    catalogue = False
    with suppress(OSError):
        catalogue = (folder / "train.csv").is_file()
    return {"name": name, "path": str(folder), "pictures": pictures, "catalogue": catalogue}
