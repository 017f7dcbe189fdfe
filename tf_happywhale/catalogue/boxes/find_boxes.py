"""The boxes of photographs, in the tables that lie beside them or in one that is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tf_happywhale.catalogue.boxes.box import WHOLE, best_rows, check_source
from tf_happywhale.catalogue.boxes.match_photographs import rows_of_photographs
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading

T = TypeVar("T")


def boxes_in_folder(
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


def boxes_of_photos(
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

    Args, errors: see `boxes_in_folder`.
    """
    how = {"required": required, "reading": reading, "choose": choose}
    if file is not None:
        return boxes_in_folder(Path(), file, sources, {p.image: p.path for p in photos}, **how)
    below: dict[Path, list[Photo]] = {}
    for photo in photos:
        inside = photo.path.relative_to(photo.folder).parent
        for place in (inside, *inside.parents):
            below.setdefault(photo.folder / place, []).append(photo)
    found: dict[str, dict[str, T]] = {source: {} for source in sources}
    for folder in sorted(below, key=lambda one: len(one.parts)):
        image_of = {p.path.relative_to(folder).as_posix(): p for p in below[folder]}
        paths = {name: photo.path for name, photo in image_of.items()}
        own = boxes_in_folder(folder, None, sources, paths, **how)
        for source, rows in own.items():
            found[source] |= {image_of[name].image: row for name, row in rows.items()}
    return found
