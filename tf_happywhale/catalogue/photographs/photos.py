"""The photographs to identify: found in files and folders, named, and grouped into encounters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.identities import lookalike_warnings
from tf_happywhale.catalogue.photographs.photo_files import (
    IMAGE_ENDINGS,
    Listing,
    is_photograph,
    list_photographs,
    skipped_lines,
    why_not_read,
)
from tf_happywhale.catalogue.photographs.photo_tables import cells_of
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once

FOLDERS, TIME = "folders", "time"


@dataclass(frozen=True)
class Photo:
    """One photograph.

    Attributes:
        image: its name: its path below the folder that holds all given files and folders.
        path: where it is.
        encounter: the photographs of one encounter show one animal; empty: it has no encounter.
        viewpoint: the side from which it shows the animal; empty: it is not known.
        folder: the folder that was given; of a file that was given, the folder that holds it.
        facts: what a table says of it, by column: when and where it was taken, by whom.
    """

    image: str
    path: Path
    encounter: str = ""
    viewpoint: str = ""
    folder: Path = Path()
    facts: Mapping[str, str] = field(default_factory=dict, compare=False)


def find_photos(given: Iterable[str | Path]) -> list[Photo]:
    """The photographs among files and folders, each once, by name; errors: see `search_photos`."""
    return search_photos(given)[0]


def search_photos(given: Iterable[str | Path]) -> tuple[list[Photo], Listing]:
    """The photographs among files and folders, each once, by name; and a listing of these names and
    of what is not read.

    Raises:
        InputError: a file is not there or is not a picture, or there is no photograph.
    """
    files: list[tuple[Path, Path]] = []  # each with its folder
    not_read: dict[Path, str] = {}
    folders: list[Path] = []
    found = Listing()
    for path in map(Path, given):
        path = path.expanduser()
        folders.append(path if path.is_dir() else path.parent)
        if path.is_dir():
            inside = list_photographs(path)
            files += [(path / name, path) for name in inside.images]
            not_read |= {path / name: reason for name, reason in inside.not_read.items()}
            for kind, names in inside.left_out.items():
                found.left_out.setdefault(kind, []).extend(names)
        elif not path.exists():
            raise InputError(f"There is no photograph or folder {path}: check the path.")
        elif is_photograph(path):
            files.append((path, path.parent))
        elif reason := why_not_read(path):
            not_read[path] = reason
        else:
            endings = ", ".join(sorted(IMAGE_ENDINGS))
            raise InputError(f"{path} is not a photograph: pictures end in {endings}.")
    home = os.path.commonpath(map(os.path.abspath, folders or [Path()]))

    def name_of(path: Path) -> str:
        return Path(os.path.relpath(path, home)).as_posix()

    named: dict[str, Photo] = {}
    for path, folder in files:
        named.setdefault(name_of(path), Photo(name_of(path), path, folder=folder))
    found.images = sorted(named)
    found.not_read = {name_of(path): reason for path, reason in not_read.items()}
    if not named:
        nothing = "There is no photograph to identify: name files or folders of them."
        raise InputError(" ".join([nothing, *(f"({line})" for line in skipped_lines(found))]))
    return [named[image] for image in found.images], found


def group_photos(photos: Sequence[Photo], by: str | None, reading: Reading = PLAIN) -> list[Photo]:
    """The photographs with their encounters.

    Args:
        photos: to group.
        by: None: no encounters; `time`: none yet, since times are not known; `folders`: each folder
            is one, and photographs at the top have none; else a table with the columns image and
            encounter.
        reading: how the table is read.

    Raises:
        InputError: the table is missing, or names none of the photographs.
    """
    if by is None or by == TIME:
        return list(photos)
    if by == FOLDERS:
        folders = [str(PurePosixPath(photo.image).parent) for photo in photos]
        return [
            replace(photo, encounter="" if folder == "." else folder)
            for photo, folder in zip(photos, folders, strict=True)
        ]
    images = [photo.image for photo in photos]
    named = cells_of(images, by, "encounter", reading)
    for sentence in lookalike_warnings(filter(None, named.values()), str(by), "encounters"):
        say_once(sentence)
    return [replace(photo, encounter=named.get(photo.image, "")) for photo in photos]
