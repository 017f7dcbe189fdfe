"""Whether this package wrote a folder, or it holds photographs.

A folder that is wholly ours holds a small file that says so. Folders of older versions are known by
what lies in them.
"""

from __future__ import annotations

import re
from pathlib import Path

MARK = ".tf_happywhale"
TEXT = "Written by tf_happywhale. No photographs to identify are looked for in this folder.\n"
THUMBNAIL = re.compile(r"[0-9a-f]{20}\.jpg")


def mark_own_output(folder: Path) -> None:
    """Mark a folder as wholly ours. It is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(TEXT, encoding="utf-8")


def mark_new_output(folder: Path) -> None:
    """Mark a folder that a person names, unless it holds something already: an output may be the
    folder of the photographs."""
    if not folder.is_dir() or all(entry.name.startswith(".") for entry in folder.iterdir()):
        mark_own_output(folder)


def is_own_output(folder: Path) -> bool:
    """Whether a folder is wholly ours."""
    try:
        return (folder / MARK).is_file() or _looks_like_ours(folder)
    except OSError:
        return False  # its reader says why it may not be read


def _looks_like_ours(folder: Path) -> bool:
    if (folder / "index.html").is_file() and (folder / "thumbnails").is_dir():  # report, curation
        drawn = [file.name for file in (folder / "thumbnails").iterdir()]
        return bool(drawn) and all(map(THUMBNAIL.fullmatch, drawn))
    if (folder / "pictures.csv").is_file() and (folder / "left_out.csv").is_file():
        return (folder / "images").is_dir() and (folder / "labels").is_dir()  # of the detector
    beside = folder.parent
    return folder.name == "why" and (beside / "queries.npz").is_file()
