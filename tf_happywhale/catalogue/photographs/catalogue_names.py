"""The names of photographs in a catalogue, those that are there and new ones, by their content."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError

UNKNOWN = ""  # instead of a content: the name is in use, but its picture is missing


def free_name(image: str, content: str, content_of: Callable[[str], str | None]) -> str:
    """The name that a photograph gets in a catalogue: its own, with a part of the hash of its
    content if another picture has that name.

    Args:
        image: its name.
        content: SHA-256 of its bytes.
        content_of: the SHA-256 of the picture with a name; None if there is none.
    """
    pure = PurePosixPath(image)
    for name in (image, str(pure.with_name(f"{pure.stem}-{content[:8]}{pure.suffix}"))):
        if content_of(name) in (None, content):
            return name
    raise InputError(f"Other pictures have the names that {image} could get: rename the file.")


class CatalogueNames:
    """The names of a catalogue's photographs, and of photographs that are added to it.

    A photograph that is in the catalogue keeps its name there, even if its file was renamed. A new
    one keeps its own name, unless another photograph or a row without a picture has it. Names that
    differ only in case or Unicode form count as one, since some disks take them for one.

    Args:
        folder: the catalogue's pictures; None: there is no catalogue.
        in_gallery: content by image, of the gallery's images.
        rows: images that the catalogue lists.
        find: gives the path of a photograph that is added, by its name.
        boxed: images that its table of boxes lists, also those to identify.
        to_identify: the folder of the photographs to identify.
    """

    def __init__(
        self,
        folder: Path | None,
        in_gallery: Mapping[str, str],
        rows: Iterable[str],
        find: Callable[[str], Path],
        boxed: Iterable[str] = (),
        to_identify: Path | None = None,
    ) -> None:
        self.folder, self.to_identify, self.find = folder, to_identify, find
        self.in_gallery = {photograph_of(image): c for image, c in in_gallery.items()}
        self.listed = {_alike(photograph_of(image)) for image in rows}
        self.boxed = {_alike(photograph_of(image)) for image in boxed}
        self.named: dict[str, str] = {}  # by content
        self.taken: dict[str, str] = {}  # content by name, of those that were named here
        self.hashes: dict[str, str | None] = {}
        self.by_size: dict[int, list[str]] | None = None

    def name(self, image: str, content: str) -> str:
        """The name of a photograph with this content and the own name `image`."""
        if content not in self.named:
            name = self._there(image, content) or free_name(image, content, self._content_of)
            self.named[content] = name
            self.taken[_alike(name)] = content
        return self.named[content]

    def is_there(self, name: str, content: str) -> bool:
        """Whether the catalogue's folder has the picture of this name and content."""
        return self.folder is not None and self._hash(name) == content

    def _there(self, image: str, content: str) -> str | None:
        """The name of the picture with this content, where there is one."""
        own = [name for name, known in self.in_gallery.items() if known == content]
        if self.folder is None:
            return own[0] if own else None
        found = next((name for name in own if self.is_there(name, content)), None)
        if not found:  # an interrupted `gallery add` may have stored it
            with suppress(InputError):
                name = free_name(image, content, self._hash)
                found = name if self.is_there(name, content) else None
        return found or self._found_by_content(image, content)

    def _found_by_content(self, image: str, content: str) -> str | None:
        """The picture in the folder with this content. Only files of the same size are read."""
        if self.by_size is None:
            self.by_size = {}
            for file in sorted(self.folder.rglob("*")):
                if file.is_file() and not file.name.startswith("."):
                    name = file.relative_to(self.folder).as_posix()
                    self.by_size.setdefault(file.stat().st_size, []).append(name)
        same = self.by_size.get(self.find(image).stat().st_size, ())
        return next((name for name in same if self._hash(name) == content), None)

    def _content_of(self, name: str) -> str | None:
        if _alike(name) in self.taken:
            return self.taken[_alike(name)]
        if self.folder is None:
            return self.in_gallery.get(name)
        found = self._hash(name)
        if found is None and _alike(name) in self.listed:
            return UNKNOWN
        if found is None and _alike(name) in self.boxed:  # a box must not become another picture's
            return (self.to_identify and _content(self.to_identify / name)) or UNKNOWN
        return found

    def _hash(self, name: str) -> str | None:
        if name not in self.hashes:
            self.hashes[name] = _content(self.folder / name)
        return self.hashes[name]


def _content(file: Path) -> str | None:
    return sha256(file) if file.is_file() else None


def _alike(name: str) -> str:
    """The same text for all names that some disks take for one."""
    return unicodedata.normalize("NFC", name).casefold()
