"""Which file of a folder is meant: by its name, or by what the folder says of itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tf_happywhale.catalogue.boxes.formats.json_values import field
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.formats import darwin_core
from tf_happywhale.exchange.imported import check_inside


def file_in(place: Path, name: str) -> Path:
    """The file itself, or the one of this name in a folder."""
    if place.is_dir() and not (place / name).is_file():
        others = ", ".join(file.name for file in shown(place.glob("*.*")) if file.is_file())[:80]
        there = f" (there are {others})" if others else ""
        raise InputError(f"{place} holds no {name}{there}: name the file itself.")
    return place / name if place.is_dir() else place


def resource_paths(tree: dict, file: Path) -> dict[str, str]:
    """The path of each table in a data package, by its name."""
    paths = {}
    for resource in field(tree, "resources", list, str(file)):
        path = resource.get("path") if isinstance(resource, dict) else None
        if isinstance(path, str):
            check_inside(path, f"{file}: resource {resource.get('name')}")
            paths[str(resource.get("name"))] = path
    return paths


def core_file(folder: Path) -> Path:
    """The table of occurrences in an unpacked archive."""
    meta = folder / darwin_core.META
    if not meta.is_file():
        return file_in(folder, darwin_core.FILE)
    try:
        root = ElementTree.fromstring(meta.read_bytes())
    except ElementTree.ParseError as error:
        raise InputError(f"{meta} cannot be read as XML ({error}): unpack it again.") from None
    location = root.findtext("{*}core/{*}files/{*}location", "").strip()
    if not location:
        raise InputError(f"{meta} names no core file: name the table of occurrences itself.")
    check_inside(location, str(meta))
    return folder / location
