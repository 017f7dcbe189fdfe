"""Photographs that somebody wants identified: files and folders, named and grouped."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from tf_happywhale.catalogue.boxes.box import WHOLE, best_rows, check_source
from tf_happywhale.catalogue.boxes.box_names import rows_of_photographs
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.photographs.photo_files import (
    IMAGE_ENDINGS,
    Listing,
    is_photograph,
    list_photographs,
    passed_over,
    why_not_read,
)
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table, same_names
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
    """The photographs among files and folders, each once, by name; errors: see `search`."""
    return search(given)[0]


def search(given: Iterable[str | Path]) -> tuple[list[Photo], Listing]:
    """The photographs among files and folders, each once, by name; and the same names with all
    else that is there and is not looked at.

    Raises:
        InputError: something is not there, or is not a picture at all, or there is no photograph.
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
    named: dict[str, str] = {}
    for line, image, encounter in table[["image", "encounter"]].itertuples():
        if named.setdefault(image, encounter) != encounter:
            raise InputError(
                f"{file} line {line} puts {image} in the encounter {encounter[:80]!r}, and a line "
                f"before in {named[image][:80]!r}: keep one of them."
            )
    if not any(photo.image in named for photo in photos):
        raise InputError(
            f"{by} names none of the photographs: its images are named like {photos[0].image!r}."
        )
    return [replace(photo, encounter=named.get(photo.image, "")) for photo in photos]


def boxes_beside(
    folder: Path,
    file: str | None,
    sources: Sequence[str],
    photographs: Mapping[str, Path],
    *,
    required: Collection[str] | None = None,
    reading: Reading = PLAIN,
    choose: Callable[..., dict[str, T]] = best_rows,
    folders: Sequence[Path] = (),
) -> dict[str, dict[str, T]]:
    """The boxes of photographs, by source and name; a source has none if there is no table.

    Args:
        folder: where `boxes.csv` is looked for.
        file: another table, or any file or folder of boxes that can be read, in its place.
        sources: which boxes are wanted; `whole` needs none.
        photographs: path by name, or by the key of each animal in it.
        required: the sources of which a table must have a box; None: all.
        reading: how tables are read.
        choose: which rows of a table count: `best_rows`, or one with its arguments.
        folders: where other pictures lie; a table may have boxes of them too.

    Raises:
        InputError: `file` is missing, the table has no box of a source that it must have, or it
            names none of the photographs.
    """
    path = folder / "boxes.csv" if file is None else Path(file).expanduser()
    if file is None and not path.is_file():
        return {source: {} for source in sources}
    rows = read_box_rows(path, reading)
    there = {row.source for row in rows}
    must = sources if required is None else required
    wanted = [s for s in sources if s != WHOLE and (s in must or there & {s, ""})]
    found: dict[str, dict[str, T]] = {source: {} for source in sources}
    if wanted:
        for source in wanted:
            check_source(rows, source, path)
        beside = file is None
        rows = rows_of_photographs(rows, photographs, path, folders=folders, beside=beside)
    there = {row.source for row in rows}  # on these photographs
    return found | {
        source: choose(rows, source, photographs, path) for source in wanted if there & {source, ""}
    }


def boxes_of(
    photos: Sequence[Photo],
    file: str | None,
    sources: Sequence[str],
    *,
    required: Collection[str] | None = None,
    reading: Reading = PLAIN,
    choose: Callable[..., dict[str, T]] = best_rows,
) -> dict[str, dict[str, T]]:
    """The boxes of photographs, by source and image: those of `file`, else those of the `boxes.csv`
    beside each, or in a folder above it, up to the one that was given; the nearest one that has
    boxes of a photograph counts.

    Args, errors: see `boxes_beside`.
    """
    how = {"required": required, "reading": reading, "choose": choose}
    if file is not None:
        return boxes_beside(Path(), file, sources, {p.image: p.path for p in photos}, **how)
    below: dict[Path, list[Photo]] = {}
    for photo in photos:
        inside = photo.path.relative_to(photo.folder).parent
        for place in (inside, *inside.parents):
            below.setdefault(photo.folder / place, []).append(photo)
    found: dict[str, dict[str, T]] = {source: {} for source in sources}
    for folder in sorted(below, key=lambda one: len(one.parts)):
        image_of = {p.path.relative_to(folder).as_posix(): p for p in below[folder]}
        paths = {name: photo.path for name, photo in image_of.items()}
        own = boxes_beside(folder, None, sources, paths, **how)
        for source, rows in own.items():
            found[source] |= {image_of[name].image: row for name, row in rows.items()}
    return found
