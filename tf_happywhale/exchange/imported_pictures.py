"""Where the pictures are that an imported file names: never outside the folder they belong to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tf_happywhale.errors import InputError
from tf_happywhale.exchange.found import Animal
from tf_happywhale.exchange.imported import check_inside


def relative_paths(animals: Sequence[Animal], folder: str | None) -> list[Animal]:
    """The animals with paths relative to the folder of the pictures. An absolute path inside
    `exchange.folder` becomes relative; other ones stay, and are refused later.

    Args:
        animals: with paths as their file has them.
        folder: `exchange.folder`, which a person has named.
    """
    if folder is None:
        return list(animals)
    front = os.path.abspath(Path(folder).expanduser()) + os.sep
    return [
        replace(animal, picture=animal.picture.removeprefix(front))
        if animal.picture.startswith(front)
        else animal
        for animal in animals
    ]


def find_pictures(animals: Sequence[Animal], folders: Sequence[Path], endings: bool) -> list[Path]:
    """The file of each animal's photograph.

    Args:
        animals: with paths relative to one of the folders.
        folders: where the pictures may be; all of them must be in one.
        endings: whether the file leaves out the endings of pictures.

    Raises:
        InputError: a picture is not there, is a link that leads elsewhere, or may be in two places.
    """
    paths = [animal.picture.replace("\\", "/") for animal in animals]
    for path, animal in zip(paths, animals, strict=True):
        check_inside(path, animal.where)
    there = [folder for folder in dict.fromkeys(folders) if _file(folder, paths[0], endings)]
    if not there:
        raise InputError(
            f"{animals[0].where} names the picture {paths[0][:80]!r}, which is not in "
            f"{' or '.join(map(str, folders))}: set exchange.folder to the folder that holds the "
            "pictures, or exchange.pictures=false to make the tables alone."
        )
    if len(there) > 1:
        raise InputError(
            f"The picture {paths[0][:80]!r} is in {there[0]} and in {there[1]}: set "
            "exchange.folder to the right folder."
        )
    found = []
    for path, animal in zip(paths, animals, strict=True):
        file = _file(there[0], path, endings)
        if file is None:
            raise InputError(
                f"{animal.where} names the picture {path[:80]!r}, which is not in {there[0]}: add "
                "it, or take the row out."
            )
        _check_link(file, there[0], animal.where)
        found.append(file)
    return found


def _file(folder: Path, path: str, endings: bool) -> Path | None:
    """The file of this path in a folder; None if there is none."""
    file = folder / path
    if file.is_file():
        return file
    if not endings or not file.parent.is_dir():
        return None
    others = [other for other in file.parent.iterdir() if other.stem == file.name]
    return others[0] if len(others) == 1 else None


def _check_link(file: Path, folder: Path, where: str) -> None:
    real = os.path.realpath(file)
    if not real.startswith(os.path.realpath(folder) + os.sep):
        raise InputError(
            f"{where} names {file}, a link that leads out of {folder}, to {real}: put the picture "
            "itself there, or set exchange.folder to the folder it is in."
        )
