"""A gallery in a folder: embedded reference images that can be searched and added to."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import write_json
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.changes import (
    Change,
    add_change,
    changed,
    check_id,
    load_changes,
)
from tf_happywhale.galleries.numbered_files import add_part, load_parts, numbered, only_writer
from tf_happywhale.retrieval.embeddings import Embeddings, join_embeddings
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals

SCHEMA = 1
FACTS = ("model", "source", "view", "preprocess")  # what embeddings must share to be comparable
HEAD = "gallery.json"


@dataclass(frozen=True)
class Gallery:
    """Reference images of known individuals, embedded by one model.

    One process at a time changes it. It reads the files again first, so that it sees what the
    others have done.

    Attributes:
        folder: `gallery.json`, embeddings files `part-00000.npz` and so on, and corrections of
            them `change-00000.json` and so on.
        about: what made the embeddings: model, source, view, preprocess.
        parts: the embeddings, corrected.
        catalogue: the folder of the catalogue it was built from, if it is known.
    """

    folder: Path
    about: dict[str, str]
    parts: tuple[Embeddings, ...]
    catalogue: Path | None = None

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def image(self) -> np.ndarray:
        """Names of the images, str [m]; `search` refers to them by number."""
        return np.concatenate([np.zeros(0, "U1"), *(part.image for part in self.parts)])

    @property
    def individual_id(self) -> np.ndarray:
        """Who is in them, str [m]."""
        return np.concatenate([np.zeros(0, "U1"), *(part.individual_id for part in self.parts)])

    def search(self, queries: Embeddings, k: int, engine: str = "auto") -> Candidates:
        """The k best individuals of each query, as `rank_individuals`.

        Raises:
            InputError: the queries are of another model, or the gallery is empty.
        """
        self.check(queries.about)
        if not len(self):
            raise InputError(f"The gallery {self.folder} is empty: add images to it.")
        rows = np.concatenate([part.embedding for part in self.parts])
        return rank_individuals(
            queries.embedding, rows, self.individual_id.tolist(), k, engine=engine
        )

    def append(self, images: Embeddings) -> Gallery:
        """The gallery with further images, such as confirmed matches; written at once.

        Raises:
            InputError: they are of another model, an image is there already or comes twice, or
                nobody is named in one.
        """
        with changing(self.folder) as now:
            return now.take_in(images)

    def take_in(self, images: Embeddings) -> Gallery:
        """`append`, for a gallery that `changing` has given."""
        self.check(images.about)
        unnamed = [
            name for name, who in zip(images.image, images.individual_id, strict=True) if not who
        ]
        if unnamed:
            raise InputError(f"Nobody is named in {unnamed[0]}: give it an individual_id.")
        there = set(self.image.tolist())
        for name in images.image.tolist():
            if name in there:
                raise InputError(f"The gallery {self.folder} has the image {name} already.")
            there.add(name)
        if not len(images):
            return self
        add_part(self.folder, images)
        return replace(self, parts=(*self.parts, images))

    def images(self) -> Embeddings:
        """All of it in one, `picture` as paths that can be opened from here."""
        whole = join_embeddings(self.parts)
        if "picture" not in whole.columns:
            return whole
        paths = [str(self.folder / path) if path else "" for path in whole.columns["picture"]]
        return replace(whole, columns=whole.columns | {"picture": np.array(paths, np.str_)})

    def rename(self, individual_id: str, to: str) -> Gallery:
        """The gallery with an individual under another id, which nobody may have yet.

        Raises:
            InputError: there is no such individual, or somebody of that id.
        """
        with changing(self.folder) as now:
            now._known(individual_id)
            check_id(to)
            if to in set(now.individual_id.tolist()):
                raise InputError(
                    f"There is an individual {to} in {self.folder} already: merge them, or take "
                    "another id."
                )
            return now._change(Change("rename", individual_id, to))

    def merge(self, individual_id: str, into: str) -> Gallery:
        """The gallery with all images of one individual as another's, who is the same animal.

        Raises:
            InputError: there is no such individual, or they are one already.
        """
        with changing(self.folder) as now:
            now._known(individual_id)
            now._known(into)
            if individual_id == into:
                raise InputError(f"{into} cannot be merged into itself: name two individuals.")
            return now._change(Change("rename", individual_id, into))

    def remove(self, individual_id: str) -> Gallery:
        """The gallery without an individual; InputError where there is none."""
        with changing(self.folder) as now:
            now._known(individual_id)
            return now._change(Change("remove", individual_id))

    def remove_image(self, image: str) -> Gallery:
        """The gallery without an image; InputError where there is none."""
        with changing(self.folder) as now:
            now._has(image)
            return now._change(Change("remove", image=image))

    def move_image(self, image: str, to: str) -> Gallery:
        """The gallery with one image as another individual's, also one that is new in it."""
        with changing(self.folder) as now:
            now._has(image)
            check_id(to)
            return now._change(Change("rename", image=image, to=to))

    def _known(self, individual_id: str) -> None:
        if individual_id not in set(self.individual_id.tolist()):
            raise InputError(f"There is no individual {individual_id} in {self.folder}.")

    def _has(self, image: str) -> None:
        if image not in set(self.image.tolist()):
            raise InputError(f"There is no image {image} in {self.folder}.")

    def _change(self, change: Change) -> Gallery:
        parts = len(numbered(self.folder, "part", ".npz"))
        add_change(self.folder, replace(change, after=parts))
        return open_gallery(self.folder)

    def check(self, about: Mapping[str, str]) -> None:
        """Raise InputError if another model, source, view or preprocessing made embeddings: they
        cannot be compared with the gallery's.

        Args:
            about: what made them.
        """
        for fact in FACTS:
            mine, theirs = self.about.get(fact, ""), about.get(fact, "")
            if mine != theirs:
                raise InputError(
                    f"These embeddings have {fact} {theirs or 'unknown'}, but those of the gallery "
                    f"{self.folder} have {mine or 'unknown'}: embed with the gallery's model."
                )


def make_gallery(folder: Path, images: Embeddings, catalogue: Path | None = None) -> Gallery:
    """A new gallery of these images; their model and preprocessing are remembered, and the folder
    of the catalogue they are from.

    Raises:
        InputError: there is a gallery already, or as `Gallery.append`.
    """
    folder = Path(folder)
    with only_writer(folder, "making a gallery in"):
        if (folder / HEAD).exists():
            raise InputError(f"There is a gallery in {folder} already: add to it, or name another.")
        if any(folder.glob("part-*.npz")):
            raise InputError(
                f"{folder} holds parts of a gallery without its {HEAD}: move them away, or name "
                "another folder."
            )
        about = {fact: images.about.get(fact, "") for fact in FACTS}
        gallery = Gallery(folder, about, ()).take_in(images)
        head: dict = {"schema": SCHEMA, "about": about}
        if catalogue is not None:
            head["catalogue"] = beside(folder, [catalogue])[0]
        write_json(folder / HEAD, head)  # last: without it the folder is not a gallery
    return gallery


def open_gallery(folder: Path) -> Gallery:
    """The gallery in a folder.

    Raises:
        InputError: there is none, or it is damaged, or a later version's.
    """
    folder = Path(folder)
    about, catalogue = _head(folder)
    parts = load_parts(folder)
    for part in parts:
        Gallery(folder, about, ()).check(part.about)
    return Gallery(folder, about, tuple(changed(parts, load_changes(folder))), catalogue)


def _head(folder: Path) -> tuple[dict[str, str], Path | None]:
    """What made a gallery's embeddings, and the folder of its catalogue."""
    if not (folder / HEAD).is_file():
        raise InputError(f"There is no gallery in {folder}: make one first.")
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        schema, about = head["schema"], {str(k): str(v) for k, v in head["about"].items()}
        catalogue = folder / head["catalogue"] if "catalogue" in head else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{folder / HEAD} is damaged: make the gallery again.") from None
    if schema != SCHEMA:
        raise InputError(f"The gallery {folder} is of version {schema}, not {SCHEMA}.")
    return about, catalogue


@contextmanager
def changing(folder: Path) -> Iterator[Gallery]:
    """Give a gallery as it is now. No other process changes it meanwhile.

    Raises:
        InputError: see `open_gallery`; or another process has been changing it for a minute.
    """
    if not is_gallery(folder):
        open_gallery(folder)  # raises: no lock is made in a folder that is not a gallery
    with only_writer(folder, "changing the gallery"):
        yield open_gallery(folder)


def catalogue_of(folder: Path) -> Path | None:
    """The folder of the catalogue that a gallery was built from; errors: see `open_gallery`."""
    return _head(Path(folder))[1]


def is_gallery(folder: Path) -> bool:
    """Whether there is a gallery in a folder."""
    return (Path(folder) / HEAD).is_file()


def faults(folder: Path) -> list[str]:
    """What is wrong with a gallery's files, a sentence each; the pictures are not looked at.

    Raises:
        InputError: it cannot be opened at all.
    """
    gallery = open_gallery(folder)
    found = []
    for file in numbered(gallery.folder, "part", ".npz"):
        with zipfile.ZipFile(file) as archive:
            broken = archive.testzip()
        if broken:
            found.append(f"{file.name} is damaged ({broken}): bring it back from a copy.")
    seen: set[str] = set()
    for image in gallery.image.tolist():
        if image in seen:
            found.append(f"The image {image} is there twice: remove it and add it again.")
        seen.add(image)
    return found


def beside(folder: Path, pictures: Iterable[Path]) -> list[str]:
    """Paths of pictures as a gallery keeps them: seen from its folder, so that both can be moved
    together. Links are followed first: `..` of a folder behind one is the real folder's parent.
    A picture on a drive of another letter has a whole path."""
    home, paths = os.path.realpath(folder), []
    for picture in map(os.path.realpath, pictures):
        try:
            paths.append(Path(os.path.relpath(picture, home)).as_posix())
        except ValueError:  # Windows: there is no way from C: to D:
            paths.append(Path(picture).as_posix())
    return paths
