"""Exports: what can be exported, how each is made, and the files that are there."""

from __future__ import annotations

import datetime
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.disk.temporary import is_temporary
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.exchange.every_format import FORMATS
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.store import in_iso

OUTPUT = "output="
OWN = ("decisions", "catalogue", "history")
SETTINGS = {  # keys that a person may set, and the kinds that read them
    "exchange.pictures": FORMATS,
    "exchange.species": FORMATS,
    "exchange.timezone": FORMATS,
    "exchange.submitter": FORMATS,
    "history.by": ("history",),
    "history.session": ("history",),
}
TEXTS = (".csv", ".json", ".txt", ".html", ".xml", ".inp")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}")


def kinds() -> list[dict[str, str]]:
    """Return what can be exported: `kind`, and of formats of other programs what each holds and
    what it does not keep."""
    own = [{"kind": kind, "holds": "", "loses": ""} for kind in OWN]
    others = [{"kind": name, "holds": f.holds, "loses": f.loses} for name, f in FORMATS.items()]
    return own + others


def check_kind(kind: str) -> str:
    """Return a kind; InputError if there is none of this name."""
    known = [*OWN, *FORMATS]
    if kind not in known:
        raise InputError(f"There is no export {kind[:80]!r}: {nearest(kind, known)}.")
    return kind


def new_place(home: Home, kind: str, trip: str | None = None) -> Path:
    """Return the path of a new export, which says what it is and when it was made. An export is a
    file with an ending, or a folder. No job writes to it that is not done."""
    ending = FORMATS[kind].file if kind in FORMATS else "" if kind == "history" else ".csv"
    day = datetime.date.today().isoformat()
    stem = "-".join(part for part in (kind, re.sub(r"[^A-Za-z0-9]+", "_", trip or ""), day) if part)
    number, awaited = 1, _awaited(home)
    while True:
        place = home.exports / f"{stem}{f'-{number}' if number > 1 else ''}{ending}"
        if not os.path.lexists(place) and str(place) not in awaited:
            return place
        number += 1


def words_of(home: Home, kind: str, place: Path, settings: Mapping[str, str]) -> list[str]:
    """Return the command that makes an export.

    Args:
        home: what is exported: its gallery, or else its catalogue.
        kind: not `decisions`, which are written at once.
        place: of the export.
        settings: keys and values of `SETTINGS`.

    Raises:
        InputError: there is nothing to export, or a setting does not belong to the kind.
    """
    overrides = [_override(kind, key, value) for key, value in settings.items()]
    source = home.gallery if home.has_gallery else home.catalogue
    if kind == "catalogue":
        if not home.has_gallery:
            raise InputError("There is no gallery yet: build it first.")
        return ["gallery", "export", str(home.gallery), str(place)]
    if source is None:
        raise InputError("There is no catalogue yet: make or choose one first.")
    if kind == "history":
        return ["history", str(source), f"{OUTPUT}{place}", *overrides]
    return ["exchange", "export", kind, str(source), str(place), *overrides]


def list_exports(home: Home) -> list[dict[str, Any]]:
    """Return the exports that are whole, the newest first: `file` (the name for a download),
    `bytes` (of a folder None) and `made`."""
    if not home.exports.is_dir():
        return []
    found, awaited = [], _awaited(home)
    for entry in os.scandir(home.exports):
        if not NAME.fullmatch(entry.name) or is_temporary(entry.name) or entry.path in awaited:
            continue
        folder, status = entry.is_dir(), entry.stat()
        if folder or not (home.exports / entry.name.removesuffix(".zip")).is_dir():
            name = f"{entry.name}.zip" if folder else entry.name
            size = None if folder else status.st_size
            found.append({"file": name, "bytes": size, "made": in_iso(status.st_mtime)})
    return sorted(found, key=lambda one: (one["made"], one["file"]), reverse=True)


def export_file(home: Home, name: str) -> Path | None:
    """Return the file of an export for a download; a folder is packed first. None: there is none,
    or it is not finished.

    Args:
        home: the home folder.
        name: as `list_exports` has it.
    """
    if not NAME.fullmatch(name):
        return None
    folder = home.exports / name.removesuffix(".zip")
    if not _awaited(home).isdisjoint((str(folder), str(home.exports / name))):
        return None
    if name.endswith(".zip") and folder.is_dir():
        packed = home.exports / name
        if not packed.is_file() or packed.stat().st_mtime_ns < _changed(folder):
            pack(folder, packed)
        return packed
    file = home.exports / name
    return file if file.is_file() else None


def _awaited(home: Home) -> set[str]:
    """Return the words of exports that are not done, which may have been stopped halfway; the paths
    that they write to are among them."""
    rows = home.store.rows("select words from jobs where kind = 'export' and state != 'done'")
    return {word.removeprefix(OUTPUT) for row in rows for word in json.loads(row["words"])}


def pack(folder: Path, file: Path) -> None:
    """Write a folder as a ZIP file, whole or not at all. Pictures are not compressed again."""
    with atomic_write(file, lasting=False) as making, zipfile.ZipFile(making, "w") as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                how = zipfile.ZIP_DEFLATED if path.suffix in TEXTS else zipfile.ZIP_STORED
                archive.write(path, f"{folder.name}/{inside.as_posix()}", how)


def _changed(folder: Path) -> int:
    """Return when anything in a folder was written last, in nanoseconds."""
    return max(path.stat().st_mtime_ns for path in (folder, *folder.rglob("*")))


def _override(kind: str, key: str, value: str) -> str:
    if key not in SETTINGS or kind not in SETTINGS[key]:
        raise InputError(f"{key[:80]!r} is no setting of {kind}: leave it out.")
    if not value.strip() or any(ord(letter) < 32 for letter in value):
        raise InputError(f"{key} is empty or holds a line break: write one line.")
    return f"{key}={value}"
