"""Photographs that somebody wants identified: files and folders, named and grouped."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from tf_happywhale.catalogue.boxes import WHOLE, best_rows
from tf_happywhale.catalogue.boxes_import import read_box_rows
from tf_happywhale.catalogue.importers.conventions import AUTO
from tf_happywhale.catalogue.photo_files import (
    IMAGE_ENDINGS,
    Listing,
    is_photograph,
    list_photographs,
    passed_over,
    why_not_read,
)
from tf_happywhale.catalogue.reading import PLAIN, Reading
from tf_happywhale.catalogue.table import check_names, read_text_table, same_names
from tf_happywhale.errors import InputError

FOLDERS = "folders"
T = TypeVar("T")


@dataclass(frozen=True)
class Photo:
    """One photograph.

    Attributes:
        image: its name: the path below what all the given ones have in common.
        path: where it is.
        encounter: the photographs of one encounter show one animal; empty: it stands alone.
        folder: the one that was given, or that a photograph which was given by itself lies in.
    """

    image: str
    path: Path
    encounter: str = ""
    folder: Path = Path()


def find_photos(given: Iterable[str | Path]) -> list[Photo]:
    """The photographs among files and folders, each once, by name; errors as of `search`."""
    return search(given)[0]


def search(given: Iterable[str | Path]) -> tuple[list[Photo], Listing]:
    """The photographs among files and folders, each once, by name; and the same names with all
    else that is there and is not looked at.

    Raises:
        InputError: something is not there, or is no picture at all, or there is no photograph.
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
            raise InputError(f"{path} is no photograph: pictures end in {endings}.")
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
        raise InputError(" ".join([nothing, *(f"({line})" for line in passed_over(found))]))
    return [named[image] for image in found.images], found


def group(photos: Sequence[Photo], by: str | None, reading: Reading = PLAIN) -> list[Photo]:
    """The same with their encounters: none, `folders` (the folder each lies in; those at the top
    stand alone), or a table with the columns image and encounter.

    Raises:
        InputError: the table is missing or names no photograph of these.
    """
    if by is None:
        return list(photos)
    if by == FOLDERS:
        folders = [str(PurePosixPath(photo.image).parent) for photo in photos]
        return [
            replace(photo, encounter="" if folder == "." else folder)
            for photo, folder in zip(photos, folders, strict=True)
        ]
    file = Path(by).expanduser()
    table = read_text_table(file, ("image", "encounter"), reading)
    images = [photo.image for photo in photos]
    table["image"] = same_names(table["image"], images, file, "among the photographs")
    check_names(table["image"], file, table.index)
    named = dict(zip(table["image"], table["encounter"], strict=True))
    if not any(photo.image in named for photo in photos):
        raise InputError(
            f"{by} names none of the photographs: its images are named like {photos[0].image!r}."
        )
    return [replace(photo, encounter=named.get(photo.image, "")) for photo in photos]


def boxes_beside(
    folder: Path,
    file: str | None,
    sources: Sequence[str],
    images: Sequence[str],
    *,
    required: Collection[str] | None = None,
    convention: str = AUTO,
    choose: Callable[..., dict[str, T]] = best_rows,
) -> dict[str, dict[str, T]]:
    """The boxes of images, by source and image name; a source has none where there is no table.

    Args:
        folder: where `boxes.csv` is looked for.
        file: a table of boxes or a YOLO folder in its place.
        sources: which boxes are wanted; `whole` needs none.
        images: names of the images.
        required: the sources of which a table must have a box; None: all.
        convention: what the numbers of a `bbox` cell are, as of `read_box_rows`.
        choose: which rows of a table count: `best_rows`, or one with its arguments.

    Raises:
        InputError: `file` is missing, or the table has no box of a source that it must have.
    """
    path = folder / "boxes.csv" if file is None else Path(file).expanduser()
    if file is None and not path.is_file():
        return {source: {} for source in sources}
    rows = read_box_rows(path, convention)
    there = {row.source for row in rows}
    must = sources if required is None else required
    return {
        source: choose(rows, source, images, path)
        if source != WHOLE and (source in must or there & {source, ""})
        else {}
        for source in sources
    }


def boxes_of(
    photos: Sequence[Photo],
    file: str | None,
    sources: Sequence[str],
    *,
    required: Collection[str] | None = None,
    convention: str = AUTO,
    choose: Callable[..., dict[str, T]] = best_rows,
) -> dict[str, dict[str, T]]:
    """The boxes of photographs, by source and image: those of `file` by the photographs' names,
    else those of each folder's own `boxes.csv` by the names in that folder.

    Args, errors: as of `boxes_beside`.
    """
    how = {"required": required, "convention": convention, "choose": choose}
    if file is not None:
        images = [photo.image for photo in photos]
        return boxes_beside(Path(), file, sources, images, **how)
    found: dict[str, dict[str, T]] = {source: {} for source in sources}
    for folder in dict.fromkeys(photo.folder for photo in photos):
        image_of = {
            photo.path.relative_to(folder).as_posix(): photo.image
            for photo in photos
            if photo.folder == folder
        }
        own = boxes_beside(folder, None, sources, list(image_of), **how)
        for source, rows in own.items():
            found[source] |= {image_of[name]: rows[name] for name in rows if name in image_of}
    return found
