"""The side of the animal in the photographs to identify: of their folders, of a table, or one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tf_happywhale.catalogue.photographs.photo_tables import cells_of
from tf_happywhale.catalogue.photographs.photos import FOLDERS, Photo
from tf_happywhale.catalogue.tables.dates_and_sides import SIDE_WORDS, viewpoint_sides
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.errors import InputError


def with_viewpoints(
    photos: Sequence[Photo], by: str | None, reading: Reading = PLAIN
) -> list[Photo]:
    """The photographs with the side from which each shows its animal.

    Args:
        photos: the photographs.
        by: None: nothing is known; `folders`: the name of the folder that holds a photograph, if
            it is a side (`left`, `right`, `dorsal`, …; `L` and `R` if no folder has another name);
            a side: all of them show that one; else a table with the columns image and viewpoint.
        reading: how the table is read.

    Raises:
        InputError: no folder's name is a side; or the table is missing, names none of the
            photographs, or gives one of them two sides.
    """
    if by is None:
        return list(photos)
    if by == FOLDERS:
        return _by_folder(photos)
    side = _as_side(viewpoint_sides([by])[0])
    if side:
        return [replace(photo, viewpoint=side) for photo in photos]
    if not Path(by).expanduser().is_file():
        raise InputError(
            f"identify.viewpoint is {by[:80]!r}, which is neither a side ({', '.join(SIDE_WORDS)}) "
            f"nor the file of a table: set it to a side, to {FOLDERS}, or to a table "
            "image,viewpoint."
        )
    images = [photo.image for photo in photos]
    named = cells_of(images, by, "viewpoint", reading)
    sides = dict(zip(named, viewpoint_sides(named.values()), strict=True))
    return [replace(photo, viewpoint=sides.get(photo.image, "")) for photo in photos]


def _by_folder(photos: Sequence[Photo]) -> list[Photo]:
    names = [photo.path.absolute().parent.name for photo in photos]
    sides = [_as_side(name) for name in viewpoint_sides(names)]
    if not any(sides):
        raise InputError(
            f"identify.viewpoint={FOLDERS}, but no photograph lies in a folder named for a side: "
            f"{photos[0].image} lies in {names[0]!r}. Name the folders {', '.join(SIDE_WORDS[:3])} "
            "or another side, or set it to a side or to a table image,viewpoint."
        )
    return [replace(photo, viewpoint=side) for photo, side in zip(photos, sides, strict=True)]


def _as_side(text: str) -> str:
    word = text.strip().casefold()
    return word if word in SIDE_WORDS else ""
