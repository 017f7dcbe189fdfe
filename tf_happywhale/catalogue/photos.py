"""Photographs that somebody wants identified: files and folders, named and grouped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.boxes import WHOLE, BoxRow, best_rows
from tf_happywhale.catalogue.boxes_import import read_box_rows
from tf_happywhale.catalogue.table import IMAGE_ENDINGS, list_images, read_text_table
from tf_happywhale.errors import InputError

FOLDERS = "folders"


@dataclass(frozen=True)
class Photo:
    """One photograph.

    Attributes:
        image: its name: the path below what all the given ones have in common.
        path: where it is.
        encounter: the photographs of one encounter show one animal; empty: it stands alone.
    """

    image: str
    path: Path
    encounter: str = ""


def find_photos(given: Iterable[str | Path]) -> list[Photo]:
    """The photographs among files and folders, each once, by name.

    Raises:
        InputError: something is not there, is no picture by its ending, or there is none at all.
    """
    files: list[Path] = []
    homes: list[str] = []
    for path in map(Path, given):
        path = path.expanduser()
        if path.is_dir():
            files += [path / name for name in list_images(path)]
            homes.append(os.path.abspath(path))
        elif not path.exists():
            raise InputError(f"There is no photograph or folder {path}: check the path.")
        elif path.suffix.lower() not in IMAGE_ENDINGS:
            endings = ", ".join(sorted(IMAGE_ENDINGS))
            raise InputError(f"{path} is no photograph: pictures end in {endings}.")
        else:
            files.append(path)
            homes.append(os.path.abspath(path.parent))
    if not files:
        raise InputError("There is no photograph to identify: name files or folders of them.")
    home = os.path.commonpath(homes)
    named = {Path(os.path.relpath(file, home)).as_posix(): file for file in files}
    return [Photo(image, named[image]) for image in sorted(named)]


def group(photos: Sequence[Photo], by: str | None) -> list[Photo]:
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
    table = read_text_table(Path(by).expanduser(), ("image", "encounter"))
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
    required: bool = True,
) -> dict[str, dict[str, BoxRow]]:
    """The boxes of images, by source and image name; a source has none where there is no table.

    Args:
        folder: where `boxes.csv` is looked for.
        file: a table of boxes or a YOLO folder in its place.
        sources: which boxes are wanted; `whole` needs none.
        images: names of the images.
        required: whether a table must have a box of each source.

    Raises:
        InputError: `file` is missing, or the table has no box of a source that it must have.
    """
    path = folder / "boxes.csv" if file is None else Path(file).expanduser()
    if file is None and not path.is_file():
        return {source: {} for source in sources}
    rows = read_box_rows(path)
    there = {row.source for row in rows}
    return {
        source: best_rows(rows, source, images, path)
        if source != WHOLE and (required or there & {source, ""})
        else {}
        for source in sources
    }
