"""What an export consists of, and writing it: whole, and never over something that exists."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import crop, encode_jpeg, read_picture

QUALITY = 95  # of the JPEG of a crop


@dataclass(frozen=True)
class Picture:
    """A picture of an export: a copy of a file, or the part of it in a box."""

    path: Path
    box: Box | None = None


@dataclass(frozen=True)
class Package:
    """What an export consists of.

    Attributes:
        files: the content of each file, by its path in the folder of the export.
        pictures: the pictures, by their path in that folder.
        said: lines on what the format does not hold.
    """

    files: Mapping[str, bytes]
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def write_folder(folder: Path, package: Package) -> None:
    """Write a package into a new folder, whole or not at all.

    Raises:
        InputError: there is something of that name, a picture is not there or would be written
            outside the folder, or two pictures would have one name on this disk.
    """
    check_free(folder)
    for name, picture in package.pictures.items():
        if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
            raise InputError(
                f"The name of the picture {picture.path} leads out of {folder}, to {name[:80]!r}: "
                "correct it in the catalogue or gallery."
            )
        if not picture.path.is_file():
            raise InputError(
                f"There is no picture {picture.path}, which becomes {name}: put it there, or set "
                "exchange.pictures=false to write the tables alone."
            )
    with atomic_write(folder) as making:
        making.mkdir()
        for name, content in package.files.items():
            path = making / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, picture in package.pictures.items():
            path = making / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                raise InputError(f"Two pictures would be {name} on this disk: rename one of them.")
            _write_picture(path, picture)
        check_free(folder)  # another process may have made it meanwhile


def write_file(file: Path, content: bytes) -> None:
    """Write a new file, whole or not at all.

    Raises:
        InputError: there is something of that name.
    """
    check_free(file)
    with atomic_write(file) as making:
        making.write_bytes(content)
        check_free(file)


def check_free(path: Path) -> None:
    """Raise InputError if there is something at this path."""
    if os.path.lexists(path):
        raise InputError(f"There is {path} already: name another place, or move it away.")


def _write_picture(path: Path, picture: Picture) -> None:
    if picture.box is None:
        shutil.copyfile(picture.path, path)
    else:
        path.write_bytes(encode_jpeg(crop(read_picture(picture.path), picture.box), QUALITY))
