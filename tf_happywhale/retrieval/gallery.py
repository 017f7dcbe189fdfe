"""A gallery in a folder: embedded reference images that can be searched and added to."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.files import write_json
from tf_happywhale.retrieval.candidates import Candidates, rank_individuals
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings

SCHEMA = 1
FACTS = ("model", "source", "view", "preprocess")  # what embeddings must share to be comparable
HEAD = "gallery.json"


@dataclass(frozen=True)
class Gallery:
    """Reference images of known individuals, embedded by one model.

    Attributes:
        folder: `gallery.json`, and `part-00000.npz` and so on, each an embeddings file.
        about: what made the embeddings: model, source, view, preprocess.
        parts: the embeddings.
    """

    folder: Path
    about: dict[str, str]
    parts: tuple[Embeddings, ...]

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
        self.check(queries)
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
        self.check(images)
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
        _save_next(self.folder, images)
        return replace(self, parts=(*self.parts, images))

    def check(self, embeddings: Embeddings) -> None:
        """Refuse what cannot be compared with the gallery.

        Raises:
            InputError: another model, crop, view or preprocessing made these embeddings.
        """
        for fact in FACTS:
            mine, theirs = self.about.get(fact, ""), embeddings.about.get(fact, "")
            if mine != theirs:
                raise InputError(
                    f"These embeddings have {fact} {theirs or 'unknown'}, but those of the gallery "
                    f"{self.folder} have {mine or 'unknown'}: embed with the gallery's model."
                )


def _save_next(folder: Path, images: Embeddings) -> None:
    """Write the next part by the folder's count, whoever wrote the last one; none is replaced."""
    whole = folder / f".part.{os.getpid()}.npz"
    save_embeddings(whole, images)
    try:
        for number in count(len(list(folder.glob("part-*.npz")))):
            with suppress(FileExistsError):
                os.link(whole, folder / f"part-{number:05d}.npz")
                return
    finally:
        whole.unlink()


def make_gallery(folder: Path, images: Embeddings) -> Gallery:
    """A new gallery of these images; their model and preprocessing are remembered.

    Raises:
        InputError: there is a gallery already, or as `Gallery.append`.
    """
    folder = Path(folder)
    if (folder / HEAD).exists():
        raise InputError(f"There is a gallery in {folder} already: add to it, or name another.")
    if any(folder.glob("part-*.npz")):
        raise InputError(
            f"{folder} holds parts of a gallery without its {HEAD}: move them away, or name "
            "another folder."
        )
    about = {fact: images.about.get(fact, "") for fact in FACTS}
    gallery = Gallery(folder, about, ()).append(images)
    write_json(folder / HEAD, {"schema": SCHEMA, "about": about})  # last: until then it is none
    return gallery


def open_gallery(folder: Path) -> Gallery:
    """The gallery in a folder.

    Raises:
        InputError: there is none, or it is damaged, or a later version's.
    """
    folder = Path(folder)
    if not (folder / HEAD).is_file():
        raise InputError(f"There is no gallery in {folder}: make one first.")
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        schema, about = head["schema"], {str(k): str(v) for k, v in head["about"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{folder / HEAD} is damaged: make the gallery again.") from None
    if schema != SCHEMA:
        raise InputError(f"The gallery {folder} is of version {schema}, not {SCHEMA}.")
    gallery = Gallery(folder, about, ())
    files = sorted(folder.glob("part-*.npz"))
    for number, file in enumerate(files):
        if file.name != f"part-{number:05d}.npz":
            raise InputError(f"The gallery {folder} lacks part-{number:05d}.npz: make it again.")
        part = load_embeddings(file)
        gallery.check(part)
        gallery = replace(gallery, parts=(*gallery.parts, part))
    return gallery
