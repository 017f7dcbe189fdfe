"""Marking the folders that this package writes, so that they are not searched for photographs.

A folder that only this package writes holds a small file which says so. Folders of older versions
are recognised by their content.
"""

from __future__ import annotations

import re
from pathlib import Path

MARK = ".tf_happywhale"
TEXT = "Written by tf_happywhale. No photographs to identify are looked for in this folder.\n"
THUMBNAIL = re.compile(r"[0-9a-f]{20}\.jpg")


def mark_own_output(folder: Path) -> None:
    """Mark a folder as written only by this package. It is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(TEXT, encoding="utf-8")


def mark_new_output(folder: Path) -> None:
    """Mark a folder that a person named, unless it holds something already, since it may be the
    folder of the photographs."""
    if not folder.is_dir() or all(entry.name.startswith(".") for entry in folder.iterdir()):
        mark_own_output(folder)


def is_own_output(folder: Path) -> bool:
    """Whether only this package writes a folder."""
    try:
        return (folder / MARK).is_file() or _looks_like_ours(folder)
    except OSError:
        return False  # the error comes where the folder is read


def _looks_like_ours(folder: Path) -> bool:
    if (folder / "index.html").is_file() and (folder / "thumbnails").is_dir():  # report, curation
        drawn = [file.name for file in (folder / "thumbnails").iterdir()]
        return bool(drawn) and all(map(THUMBNAIL.fullmatch, drawn))
    if (folder / "pictures.csv").is_file() and (folder / "left_out.csv").is_file():
        return (folder / "images").is_dir() and (folder / "labels").is_dir()  # of the detector
    return folder.name == "why" and (folder.parent / "queries.npz").is_file()
