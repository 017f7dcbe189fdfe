"""Rows of a table of boxes that name photographs together with their folder.

A table that is made for a trip names its photographs as the camera does. The catalogue may have
other photographs of those names. So its rows are the catalogue's only if they also name the folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.match_photographs import Parts, path_parts


def rows_with_folder(
    rows: Sequence[BoxRow], photographs: Mapping[str, Path], table: Path
) -> tuple[list[BoxRow], int]:
    """The rows that name a photograph and the folder that it is in, or lead to it from the table's
    own folder, with the photograph's name; and how many others name one without its folder.

    Args:
        rows: of the table.
        photographs: path by name, or by the key of each animal in it.
        table: the file.
    """
    names = {photograph_of(key): path for key, path in photographs.items()}
    full = {name: path_parts(os.path.abspath(path)) for name, path in names.items()}
    by_end: dict[Parts, set[str]] = {}
    for name, parts in full.items():
        end = parts[-len(path_parts(name)) - 1 :]
        for one in (end, _without_ending(end)):
            by_end.setdefault(one, set()).add(name)
    by_path = {parts: name for name, parts in full.items()}
    lengths = sorted({len(end) for end in by_end})
    bare = {one for name in names for one in (name, _stem(name))}
    found, without = [], 0
    for row in rows:
        parts = path_parts(row.image)
        ends = [by_end.get(parts[-length:], set()) for length in lengths if len(parts) >= length]
        means = set().union(*ends)
        beside = by_path.get(path_parts(os.path.abspath(table.parent / row.image)))
        if beside is not None:
            means = {beside}
        if len(means) == 1:
            found.append(row._replace(image=means.pop(), stem=False))
        else:
            without += "/".join(parts) in bare
    return found, without


def _without_ending(parts: Parts) -> Parts:
    return (*parts[:-1], PurePosixPath(parts[-1]).stem)


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
