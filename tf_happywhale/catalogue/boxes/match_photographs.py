"""Which photograph a row of boxes is of: its name may have other folders in front, or no ending.

A name in a table is a photograph's by the first of these that holds:

1. it is the photograph's name;
2. seen from the folder of the table, or of the pictures, it is the photograph; if it is another
   picture there, the row is not of these photographs;
3. it is the end of the photograph's whole path: `trip/IMG_1.jpg` is `/home/ana/trip/IMG_1.jpg`, and
   `IMG_1.jpg` is too if no other photograph is called so;
4. no row is a photograph's by 1 to 3. The end of the name, with one folder or more, is the end of
   the photograph's path, and what stands in front is the same in all rows:
   `D:\\2024\\trip\\IMG_1.jpg`.

Either slash and either Unicode form will do, and the ending may be missing. No other name is
taken for a photograph's.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once

LABEL_STUDIO = re.compile(r"(.*[/\\])?[0-9a-f]{8}-[^/\\]+")  # a name in its exports
MOST_FOLDERS = 50  # in which the other pictures of a table are looked for
Parts = tuple[str, ...]  # of a path, the file's name last


@dataclass(frozen=True)
class Matched:
    """The rows of a file, sorted by whether they name a photograph.

    Attributes:
        rows: those that do, with the photograph's name.
        others: those that name another picture, which is there but is not looked at now.
        unknown: those that name no picture that is there.
    """

    rows: list[BoxRow]
    others: list[BoxRow]
    unknown: list[BoxRow]


def rows_of_photographs(
    rows: Sequence[BoxRow],
    photographs: Mapping[str, Path],
    table: Path,
    *,
    folders: Sequence[Path] = (),
    beside: bool = False,
) -> list[BoxRow]:
    """The rows that name one of the photographs, with its name; how many name none is printed.

    Args:
        rows: of a file of boxes.
        photographs: path by name, or by the key of each animal in it.
        table: the file, for what is said.
        folders: where the names of other pictures may be seen from; the table's own is one.
        beside: whether the table was found beside the photographs, so that it may be of others.

    Raises:
        InputError: no row names a photograph, or a name can be of several, or differs by case only.
    """
    found = match_rows(rows, photographs, [*folders, table.parent])
    if rows and photographs and not found.rows and not (beside and found.others):
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
    rows: Sequence[BoxRow], photographs: Mapping[str, Path], folders: Iterable[Path]
) -> Matched:
    """The rows, sorted by whether they name a photograph; see above.

    Raises:
        InputError: a name can be of several photographs, or differs from one by case only.
    """
    names = {
        name: (_parts(name), _parts(os.path.abspath(path)))
        for name, path in ((photograph_of(key), path) for key, path in photographs.items())
    }
    by_path = {parts: name for name, (_, parts) in names.items()}
    index, folded = _by_last(names), _by_last(names, str.casefold)
    homes = [Path(os.path.abspath(folder)) for folder in dict.fromkeys(folders)]
    chosen: dict[tuple[str, bool], str | None] = {}
    other: set[str] = set()
    for row in rows:
        key = (row.image, row.stem)
        if key in chosen:
            continue
        chosen[key] = _same(row, names, index)
        there = [home / row.image for home in homes if chosen[key] is None and not row.stem]
        there = [path for path in there if row.image.strip() and os.path.isfile(path)]
        if there:
            found = [by_path[parts] for parts in map(_parts, map(str, there)) if parts in by_path]
            chosen[key] = found[0] if found else None
            other |= set() if found else {row.image}
        elif chosen[key] is None:
            chosen[key] = _end(row, names, index)
    if not any(chosen.values()):
        chosen |= _moved(rows, names, index)
    matched, others, unknown = [], [], []
    below = [] if all(chosen.values()) else _folders_in(homes)
    for row in rows:
        name = chosen[row.image, row.stem]
        if name is not None:
            matched.append(replace(row, image=name, stem=False))
        elif row.image in other or (
            row.image.strip()
            and any(os.path.isfile(folder / row.image.strip()) for folder in below)
        ):
            others.append(row)
        else:
            _check_case(row, names, folded)
            unknown.append(row)
    return Matched(matched, others, unknown)


Names = Mapping[str, tuple[Parts, Parts]]  # parts of the name and of the path
Index = Mapping[str, list[str]]


def _parts(path: str) -> Parts:
    text = unicodedata.normalize("NFC", path.strip()).replace("\\", "/")
    return tuple(part for part in text.split("/") if part not in ("", "."))


def _by_last(names: Names, fold: Callable[[str], str] = str) -> Index:
    """Names by the file's own name, with and without its ending."""
    found: dict[str, list[str]] = {}
    for name, (parts, _) in names.items():
        for last in {parts[-1], PurePosixPath(parts[-1]).stem}:
            found.setdefault(fold(last), []).append(name)
    return found


def _without_ending(parts: Parts) -> Parts:
    return (*parts[:-1], PurePosixPath(parts[-1]).stem)


def _lacks_ending(row: BoxRow, parts: Parts) -> bool:
    return row.stem or PurePosixPath(parts[-1]).suffix.lower() not in IMAGE_ENDINGS


def _folders_in(homes: Sequence[Path]) -> list[Path]:
    """The first `MOST_FOLDERS` folders in these, such as `test_images`."""
    inside = [sorted(home.iterdir()) for home in homes if home.is_dir()]
    return [folder for folders in inside for folder in folders if folder.is_dir()][:MOST_FOLDERS]


def _same(row: BoxRow, names: Names, index: Index) -> str | None:
    """The photograph of this name."""
    return _only(row, names, index, lambda parts, cut: cut(parts[0]) == _parts(row.image))


def _end(row: BoxRow, names: Names, index: Index) -> str | None:
    """The photograph whose path ends so."""
    own = _parts(row.image)
    return _only(row, names, index, lambda parts, cut: cut(parts[1])[-len(own) :] == own)


def _only(row: BoxRow, names: Names, index: Index, fits: Callable[..., bool]) -> str | None:
    own = _parts(row.image)
    cut = _without_ending if own and _lacks_ending(row, own) else tuple
    found = [name for name in index.get(own[-1] if own else "", []) if fits(names[name], cut)]
    if len(found) > 1:
        raise InputError(
            f"{row.where}: {row.image[:80]!r} may be {found[0]} or {found[1]}: write the name with "
            "its folders and its ending."
        )
    return found[0] if found else None


def _moved(
    rows: Sequence[BoxRow], names: Names, index: Index
) -> dict[tuple[str, bool], str | None]:
    """The photographs, if they lay in another place when the table was made: all rows have one path
    in front of the same folder, and all photographs another one."""
    chosen: dict[tuple[str, bool], str | None] = {}
    fronts: dict[tuple[Parts, Parts], BoxRow] = {}
    for row in rows:
        parts = _parts(row.image)
        if len(parts) < 2 or (row.image, row.stem) in chosen:
            continue
        cut = _without_ending if _lacks_ending(row, parts) else tuple
        best, ties = 1, []
        for name in index.get(parts[-1], []):
            common = _common(cut(names[name][1]), parts)
            if common >= 2 and common >= best:
                ties = [*ties, name] if common == best else [name]
                best = common
        if len(ties) == 1:
            path = names[ties[0]][1]
            fronts.setdefault((parts[:-best], path[:-best]), row)
            chosen[row.image, row.stem] = ties[0]
    return chosen if len(fronts) == 1 else {}


def _common(one: Parts, other: Parts) -> int:
    """How many of the last parts are the same."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def _check_case(row: BoxRow, names: Names, folded: Index) -> None:
    parts = _parts(row.image)
    if not parts:
        return
    cut = _without_ending if _lacks_ending(row, parts) else tuple
    lower = tuple(part.casefold() for part in parts)
    for name in folded.get(lower[-1], []):
        if tuple(part.casefold() for part in cut(names[name][1]))[-len(parts) :] == lower:
            raise InputError(
                f"{row.where}: {row.image[:80]!r} differs from the photograph {name!r} by capital "
                "letters only: write it as the file is called."
            )
