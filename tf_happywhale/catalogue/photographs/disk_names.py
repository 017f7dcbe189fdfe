"""Names of pictures in tables, and what those pictures are called on the disk or in a list.

Either slash and either Unicode form will do, and the ending may be missing. A name that differs by
case only is an error that quotes the right one.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import animal_key, photograph_of, split_key
from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS
from tf_happywhale.errors import InputError


class Names:
    """Names of pictures, in which a name is found as somebody wrote it."""

    def __init__(self, names: Iterable[str], place: str) -> None:
        """Names, and where they are from, in words for the errors."""
        self.names, self.place = dict.fromkeys(names), place

    def find(self, written: str, where: str) -> str | None:
        """The name that is meant; None if there is none.

        Args:
            written: a name, or the key of a further animal in a picture.
            where: the file and line that has it, for the errors.

        Raises:
            InputError: two names may be meant, or one that differs by case.
        """
        image, number = split_key(written)
        if image in self.names:
            return written
        plain = _plain(image)
        for found in (
            self._whole.get(plain, []),
            [] if _is_picture(plain) else self._stems.get(plain, []),
        ):
            if len(found) > 1:
                raise InputError(
                    f"{where}: {image[:80]!r} may be {found[0]!r} or {found[1]!r} {self.place}: "
                    "write the whole name."
                )
            if found:
                return animal_key(found[0], number)
        other = self._folded.get(plain.casefold())
        if other is not None:
            raise InputError(
                f"{where}: {image[:80]!r} differs by case from {other!r} {self.place}: write it "
                "as it is there."
            )
        return None

    @cached_property
    def _whole(self) -> dict[str, list[str]]:
        return _index((_plain(name), name) for name in self.names)

    @cached_property
    def _stems(self) -> dict[str, list[str]]:
        """By the name without its ending."""
        return _index((_stem(name), name) for name in self.names if _is_picture(name))

    @cached_property
    def _folded(self) -> dict[str, str]:
        plain = {_stem(name).casefold(): name for name in self.names if _is_picture(name)}
        return plain | {_plain(name).casefold(): name for name in self.names}


def on_disk(
    names: Iterable[str],
    folder: Path,
    listed_in: Path,
    lines: Iterable[int] | None = None,
    *,
    must_be_there: bool = True,
) -> list[str]:
    """Names of pictures, or keys of animals in them, as the pictures are called in `folder`.

    Args:
        names: as a table has them.
        folder: of the pictures.
        listed_in: the table.
        lines: of each name in it; None: not known.
        must_be_there: False: a picture that is not there keeps the name it has in the table.

    Raises:
        InputError: a picture is not there, or it is unclear which one is meant. It names the first.
    """
    written = list(names)
    places = [""] * len(written) if lines is None else [f" line {line}" for line in lines]
    index = Names(_files(folder), f"in {folder}")
    # The listing decides, since some disks find a file under another case or Unicode form too.
    there = {
        name
        for name in map(photograph_of, written)
        if str(PurePosixPath(name)) in index.names and (folder / name).is_file()
    }
    if all(photograph_of(name) in there for name in written):
        return written
    found = [
        name if photograph_of(name) in there else index.find(name, f"{listed_in}{place}")
        for name, place in zip(written, places, strict=True)
    ]
    missing = [n for n, name in enumerate(found) if name is None]
    if missing and must_be_there:
        first = photograph_of(written[missing[0]])
        others = len({photograph_of(written[n]) for n in missing} - {first})
        more = f" (and {others} more)" if others else ""
        example = next((name for name in index.names if "/." not in f"/{name}"), "")
        named = f", whose files are named like {example[:80]!r}" if example else ""
        raise InputError(
            f"{listed_in}{places[missing[0]]} lists {first[:80]!r}{more}, but {folder} has no such "
            f"file{named}: add it, or correct the row."
        )
    return [name or own for name, own in zip(found, written, strict=True)]


def _files(folder: Path) -> list[str]:
    """All files below a folder, sorted. Links to folders are followed unless they lead back."""
    found: list[str] = []
    if not os.path.isdir(folder):
        return found
    waiting: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(folder),))]
    while waiting:
        inside, above = waiting.pop()
        with os.scandir(os.path.join(folder, inside)) as entries:
            for entry in entries:
                name = f"{inside}{entry.name}"
                if not os.path.isdir(entry.path):
                    found.append(name)
                    continue
                real = os.path.join(above[-1], entry.name)
                real = os.path.realpath(real) if entry.is_symlink() else real
                if real not in above:
                    waiting.append((f"{name}/", (*above, real)))
    return sorted(found)


def _plain(name: str) -> str:
    return str(PurePosixPath(unicodedata.normalize("NFC", name.strip()).replace("\\", "/")))


def _stem(name: str) -> str:
    return str(PurePosixPath(_plain(name)).with_suffix(""))


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGE_ENDINGS


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for key, name in pairs:
        index.setdefault(key, []).append(name)
    return index
