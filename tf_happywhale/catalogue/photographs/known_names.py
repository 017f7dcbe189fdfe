"""Finding the picture that a written name means, among the names of known pictures.

Both slashes and both Unicode forms are accepted, and the ending may be missing. A name that differs
only by case is an error, which quotes the right name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import animal_key, split_key
from tf_happywhale.catalogue.photographs.checked_names import all_plain
from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS
from tf_happywhale.errors import InputError


class KnownNames:
    """Names of pictures, among which a written name is found."""

    def __init__(self, names: Iterable[str], place: str) -> None:
        """Keep the names, and the place that they are from, in words for the errors."""
        self.names, self.place = dict.fromkeys(names), place

    def find(self, written: str, where: str) -> str | None:
        """The name that is meant; None if there is none.

        Args:
            written: a name, or the key of an animal in a picture.
            where: its file and line, for the errors.

        Raises:
            InputError: two names may be meant, or the name differs only by case.
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
                    "write the full name."
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
        """The names by their form without the ending."""
        return _index((_stem(name), name) for name in self.names if _is_picture(name))

    @cached_property
    def _folded(self) -> dict[str, str]:
        plain = {_stem(name).casefold(): name for name in self.names if _is_picture(name)}
        return plain | {_plain(name).casefold(): name for name in self.names}


def names_as_listed(written: pd.Series, names: Iterable[str], path: Path, place: str) -> list[str]:
    """A table's names of pictures, each as `names` has it; a name that is not there is unchanged.

    Args:
        written: a column; its index is the table's line numbers.
        names: of the pictures.
        path: the table.
        place: where the pictures are, in words for the errors.
    """
    index = KnownNames(names, place)
    if all_plain(list(written)) and index.names.keys() >= set(written):
        return list(written)  # as in nearly all tables, and it is quick
    return [index.find(name, f"Line {line} of {path}") or name for line, name in written.items()]


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
