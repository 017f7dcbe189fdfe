"""The photograph that a row of boxes names, perhaps with other folders in front or no ending.

A name in a table means a photograph by the first of these rules that holds:

1. It is the photograph's name.
2. Relative to the folder of the table or of the pictures, it is the photograph. If it is another
   picture there, the row is not of these photographs.
3. It is the end of the photograph's full path: `trip/IMG_1.jpg` is `/home/ana/trip/IMG_1.jpg`, and
   so is `IMG_1.jpg` if no other photograph has that name.
4. If no row names a photograph by 1 to 3: the end of the name, with one folder or more, is the end
   of the photograph's path, and the folders in front are the same in all rows, such as `D:\\2024`
   in `D:\\2024\\trip\\IMG_1.jpg`.

Both slashes and both Unicode forms are accepted, and the ending may be missing. No other name is
accepted.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.photographs.checked_names import all_plain
from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once

LABEL_STUDIO = re.compile(r"(.*[/\\])?[0-9a-f]{8}-[^/\\]+")  # a name in its exports
MOST_FOLDERS = 50  # in which the other pictures of a table are looked for
Parts = tuple[str, ...]  # of a path, the file's name last


@dataclass(frozen=True)
class Matched:
    """The rows of a file, sorted by what they name.

    Attributes:
        rows: those that name one of the photographs, with its name.
        others: those that name another picture which is there.
        unknown: those that name no picture which is there.
    """

    rows: list[BoxRow]
    others: list[BoxRow]
    unknown: list[BoxRow]


def rows_of_photographs(
    rows: Sequence[BoxRow],
    photographs: Mapping[str, str | Path],
    table: Path,
    *,
    folders: Sequence[Path] = (),
    nearby: bool = False,
) -> list[BoxRow]:
    """The rows that name one of the photographs, with its name. The number of others is printed.

    Args:
        rows: of a file of boxes.
        photographs: path by name, or by the key of each animal in it.
        table: the file, for messages.
        folders: to which names may be relative, as they are to the table's own folder.
        nearby: whether the table was found in the photographs' folder, and may be of others only.

    Raises:
        InputError: no row names a photograph, a name may mean several, or differs only by case.
    """
    found = match_rows(rows, photographs, [*folders, table.parent])
    if rows and photographs and not found.rows and not (nearby and found.others):
        row = (found.unknown or found.others)[0]
        remedy = "Correct the folders in front, the ending or the spelling."
        if LABEL_STUDIO.fullmatch(row.image):
            remedy = (
                "Label Studio puts eight characters and a hyphen in front of each name: remove "
                "them in the file, or from the names of the files if each picture has one."
            )
        raise InputError(
            f"{table} names none of the photographs: its first name is {row.image[:80]!r}, and a "
            f"photograph is called {next(iter(photographs))[:80]!r}. {remedy}"
        )
    if found.unknown:
        names = [row.image for row in found.unknown]
        say_once(
            f"{len(names)} of {len(rows)} rows of {table} name no photograph, such as "
            f"{names[0][:80]!r}: they are not used (`python -m tf_happywhale.boxes` lists them)"
        )
    return found.rows


def match_rows(
    rows: Sequence[BoxRow], photographs: Mapping[str, str | Path], folders: Iterable[Path]
) -> Matched:
    """The rows, sorted by what they name; see the rules above.

    Raises:
        InputError: a name may mean several photographs, or differs from one only by case.
    """
    if _all_by_name(rows, photographs) and not any(row.rivals for row in rows):
        return Matched(list(rows), [], [])
    names = {
        name: (path_parts(name), path_parts(os.path.abspath(path)))
        for name, path in ((photograph_of(key), path) for key, path in photographs.items())
    }
    homes = [Path(os.path.abspath(folder)) for folder in dict.fromkeys(folders)]
    chosen, other = _choose(rows, names, homes)
    matched, others, unknown = [], [], []
    below = [] if all(chosen.values()) else _folders_in(homes)
    index = _by_last(names) if any(row.rivals for row in rows) else {}
    folded: Index = {}
    for row in rows:
        name, written = chosen[row.image, row.stem], row.image.strip()
        if name is not None:
            _check_rivals(row, name, names, index)
            matched.append(row._replace(image=name, stem=False))
        elif row.image in other or (
            written and any(os.path.isfile(folder / written) for folder in below)
        ):
            others.append(row)
        else:
            folded = folded or _by_last(names, str.casefold)
            _check_case(row, names, folded)
            unknown.append(row)
    return Matched(matched, others, unknown)


def _all_by_name(rows: Sequence[BoxRow], photographs: Mapping[str, str | Path]) -> bool:
    """Whether each row has the name of a photograph, where no name can mean two, as nearly all
    tables have it: then the rules above need not be gone through."""
    names = set(photographs)
    if not all_plain(names) or not "".join(names).isascii() or any(map(_has_edges, names)):
        return False
    if not names.isdisjoint(name.rpartition(".")[0] for name in names):
        return False  # `a.jpg` and `a.jpg.png`
    meant = {row.image for row in rows}
    return meant <= names and all(map(_has_picture_ending, meant)) and not any(r.stem for r in rows)


def _has_edges(name: str) -> bool:
    """Whether white space is in front of a name or behind it."""
    return name != name.strip()


Names = Mapping[str, tuple[Parts, Parts]]  # parts of the name and of the path
Index = Mapping[str, list[str]]
Chosen = dict[tuple[str, bool], str | None]  # photograph by a row's name, and whether it is a stem


def _choose(rows: Sequence[BoxRow], names: Names, homes: Sequence[Path]) -> tuple[Chosen, set[str]]:
    """The photograph that each name means by the rules above, and the names of other pictures."""
    by_path = {parts: name for name, (_, parts) in names.items()}
    index = _by_last(names)
    chosen: Chosen = {}
    other: set[str] = set()
    for row in rows:
        key = (row.image, row.stem)
        if key in chosen:
            continue
        chosen[key] = _named(row, names, index, by_path=False)
        there = [home / row.image for home in homes if chosen[key] is None and not row.stem]
        there = [path for path in there if row.image.strip() and os.path.isfile(path)]
        if there:
            found = [
                by_path[parts] for parts in map(path_parts, map(str, there)) if parts in by_path
            ]
            chosen[key] = found[0] if found else None
            other |= set() if found else {row.image}
        elif chosen[key] is None:
            chosen[key] = _named(row, names, index, by_path=True)
    if not any(chosen.values()):
        chosen |= _by_moved_folder(rows, names, index)
    return chosen, other


def path_parts(path: str) -> Parts:
    """The folders and the file of a path, in one Unicode form, with either slash."""
    text = unicodedata.normalize("NFC", path.strip()).replace("\\", "/")
    return tuple(part for part in text.split("/") if part not in ("", "."))


def _by_last(names: Names, fold: Callable[[str], str] = str) -> Index:
    """Names of photographs by the name of the file, with and without its ending."""
    found: dict[str, list[str]] = {}
    for name, (parts, _) in names.items():
        for last in {parts[-1], _stem(parts[-1])}:
            found.setdefault(fold(last), []).append(name)
    return found


def _stem(name: str) -> str:
    """A file's name without its ending."""
    return os.path.splitext(name)[0]


def _has_picture_ending(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_ENDINGS


def _like(row: BoxRow, own: Parts) -> Callable[[Parts], Parts]:
    """How a photograph's parts are compared with those of a row's name: without the ending if the
    name has none."""
    if row.stem or (own and not _has_picture_ending(own[-1])):
        return lambda parts: (*parts[:-1], _stem(parts[-1]))
    return lambda parts: parts


def _folders_in(homes: Sequence[Path]) -> list[Path]:
    """The first `MOST_FOLDERS` folders inside these, such as `test_images`."""
    inside = [sorted(home.iterdir()) for home in homes if home.is_dir()]
    return [folder for folders in inside for folder in folders if folder.is_dir()][:MOST_FOLDERS]


def _named(row: BoxRow, names: Names, index: Index, *, by_path: bool) -> str | None:
    """The photograph with this name or, `by_path`, with a path that ends in this name."""
    if not row.stem and index.get(row.image) == [row.image] and _has_picture_ending(row.image):
        return row.image  # as nearly all do: no other photograph's file has this name
    own = path_parts(row.image)
    like = _like(row, own)
    found = [
        name
        for name in index.get(own[-1] if own else "", [])
        if (like(names[name][1])[-len(own) :] if by_path else like(names[name][0])) == own
    ]
    if len(found) > 1:
        raise InputError(
            f"{row.where}: {row.image[:80]!r} may be {found[0]} or {found[1]}: write the name with "
            "its folders and its ending."
        )
    return found[0] if found else None


def _by_moved_folder(rows: Sequence[BoxRow], names: Names, index: Index) -> Chosen:
    """The photographs, if they were in another place when the table was made: all rows have one
    path in front, and all photographs another one."""
    chosen: Chosen = {}
    fronts: set[tuple[Parts, Parts]] = set()
    for row in rows:
        parts = path_parts(row.image)
        if len(parts) < 2 or (row.image, row.stem) in chosen:
            continue
        like = _like(row, parts)
        common = {
            name: _same_at_end(like(names[name][1]), parts) for name in index.get(parts[-1], [])
        }
        best = max(common.values(), default=0)
        ties = [name for name, count in common.items() if count == best]
        if best >= 2 and len(ties) == 1:
            fronts.add((parts[:-best], names[ties[0]][1][:-best]))
            chosen[row.image, row.stem] = ties[0]
    return chosen if len(fronts) == 1 else {}


def _same_at_end(one: Parts, other: Parts) -> int:
    """The number of last parts that are the same."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _check_rivals(row: BoxRow, name: str, names: Names, index: Index) -> None:
    """Raise InputError if another column of a row's table names another photograph."""
    for rival in filter(_has_picture_ending, row.rivals):
        try:
            other = _named(row._replace(image=rival, stem=False), names, index, by_path=True)
        except InputError:  # it may be several: it says nothing
            continue
        if other not in (None, name):
            raise InputError(
                f"{row.where} names {name} in one column and {other} in another, and both are "
                "photographs: remove the column that is not meant, or rename it."
            )


def _check_case(row: BoxRow, names: Names, folded: Index) -> None:
    """Raise InputError if the name differs from that of a photograph only by case."""
    parts = path_parts(row.image)
    if not parts:
        return
    like = _like(row, parts)
    lower = tuple(part.casefold() for part in parts)
    for name in folded.get(lower[-1], []):
        if tuple(part.casefold() for part in like(names[name][1]))[-len(parts) :] == lower:
            raise InputError(
                f"{row.where}: {row.image[:80]!r} differs from the photograph {name!r} only by "
                "capital letters: write it as the file is named."
            )
