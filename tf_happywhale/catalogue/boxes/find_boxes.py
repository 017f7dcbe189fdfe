"""The boxes of photographs, from the tables that lie in their folders or from one that is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, check_source
from tf_happywhale.catalogue.boxes.match_photographs import rows_of_photographs
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading


@dataclass(frozen=True)
class WantedBoxes:
    """Which boxes are wanted of photographs.

    Attributes:
        sources: what is in the boxes; `whole` needs none.
        required: the sources of which a table must have a box; None: all.
        reading: how tables are read.
        choose: which rows of a table count: `best_rows`, or a function with the same arguments.
    """

    sources: Sequence[str]
    required: Collection[str] | None = None
    reading: Reading = PLAIN
    choose: Callable[..., dict[str, Any]] = best_rows


def boxes_in_folder(
    folder: Path,
    file: str | None,
    photographs: Mapping[str, str | Path],
    wanted: WantedBoxes,
    folders: Sequence[Path] = (),
) -> dict[str, dict[str, Any]]:
    """The boxes of photographs, by source and name. A source has none if there is no table.

    Args:
        folder: where `boxes.csv` is looked for.
        file: another table, or any file or folder of boxes that can be read, in its place.
        photographs: path by name, or by the key of each animal in it.
        wanted: which boxes.
        folders: where other pictures lie; a table may have boxes of them too.

    Raises:
        InputError: `file` is missing, the table has no box of a source that it must have, or it
            names none of the photographs.
    """
    path = folder / "boxes.csv" if file is None else Path(file).expanduser()
    found: dict[str, dict[str, Any]] = {source: {} for source in wanted.sources}
    if file is None and not path.is_file():
        return found
    rows = read_box_rows(path, wanted.reading)
    return found | boxes_from_rows(rows, path, photographs, wanted, folders, nearby=file is None)


def boxes_from_rows(
    rows: Sequence[BoxRow],
    path: Path,
    photographs: Mapping[str, str | Path],
    wanted: WantedBoxes,
    folders: Sequence[Path] = (),
    *,
    nearby: bool = False,
) -> dict[str, dict[str, Any]]:
    """The boxes of photographs in the rows of one table, by source and name; only sources with a
    row of these photographs.

    Args:
        rows: of the table `path`.
        nearby: whether the table was found in the photographs' folder; then it may have boxes of
            other photographs only.

    Other args, errors: see `boxes_in_folder`.
    """
    there = {row.source for row in rows}
    must = wanted.sources if wanted.required is None else wanted.required
    sources = [s for s in wanted.sources if s != WHOLE and (s in must or there & {s, ""})]
    if not sources:
        return {}
    for source in sources:
        check_source(rows, source, path)
    rows = rows_of_photographs(rows, photographs, path, folders=folders, nearby=nearby)
    there = {row.source for row in rows}  # on these photographs
    return {
        source: wanted.choose(rows, source, photographs, path)
        for source in sources
        if there & {source, ""}
    }


def boxes_of_photos(
    photos: Sequence[Photo], file: str | None, wanted: WantedBoxes
) -> dict[str, dict[str, Any]]:
    """The boxes of photographs, by source and image.

    They are those of `file`. Without it, they are those of the `boxes.csv` in the photograph's
    folder or in a folder above it, up to the one that was given; the nearest table that has boxes
    of a photograph counts.

    Args, errors: see `boxes_in_folder`.
    """
    if file is not None:
        return boxes_in_folder(Path(), file, {p.image: p.path for p in photos}, wanted)
    below: dict[Path, list[Photo]] = {}
    for photo in photos:
        inside = photo.path.relative_to(photo.folder).parent
        for place in (inside, *inside.parents):
            below.setdefault(photo.folder / place, []).append(photo)
    found: dict[str, dict[str, Any]] = {source: {} for source in wanted.sources}
    for folder in sorted(below, key=lambda one: len(one.parts)):
        by_name = {p.path.relative_to(folder).as_posix(): p for p in below[folder]}
        paths = {name: photo.path for name, photo in by_name.items()}
        for source, rows in boxes_in_folder(folder, None, paths, wanted).items():
            found[source] |= {by_name[name].image: row for name, row in rows.items()}
    return found
