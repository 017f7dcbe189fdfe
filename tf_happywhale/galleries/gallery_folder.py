"""A gallery in a folder: embedded reference images of known individuals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import write_json
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.changes import changed, load_changes
from tf_happywhale.galleries.numbered_files import add_part, load_parts, only_writer
from tf_happywhale.galleries.own_model import OwnModel, model_from_json, seen_from
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings, join_embeddings
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals

SCHEMA = 1
FACTS = ("model", "source", "view", "preprocess")  # embeddings that differ cannot be compared
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
        catalogue: the folder of the catalogue that it was built from; None if it is not known.
        model: which model embedded it, and where that lay; None if it is not known.
    """

    folder: Path
    about: dict[str, str]
    parts: tuple[Embeddings, ...]
    catalogue: Path | None = None
    model: OwnModel | None = None

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def image(self) -> np.ndarray:
        """Names of the images, str [m]; `search` refers to them by number."""
        return np.concatenate([np.zeros(0, "U1"), *(part.image for part in self.parts)])

    @property
    def individual_id(self) -> np.ndarray:
        """The individual in each image, str [m]."""
        return np.concatenate([np.zeros(0, "U1"), *(part.individual_id for part in self.parts)])

    def images(self) -> Embeddings:
        """Return all images, with `picture` as paths that can be opened from here."""
        whole = join_embeddings(self.parts)
        if "picture" not in whole.columns:
            return whole
        paths = [str(self.folder / path) if path else "" for path in whole.columns["picture"]]
        return replace(whole, columns=whole.columns | {"picture": np.array(paths, np.str_)})

    def search(self, queries: Embeddings, k: int, engine: str = "auto") -> Candidates:
        """Return the k best individuals of each query, see `rank_individuals`.

        Raises:
            InputError: another model embedded the queries, or the gallery is empty.
        """
        self.check(queries.about)
        if not len(self):
            raise InputError(f"The gallery {self.folder} is empty: add images to it.")
        queries, known = centred(queries, join_embeddings(self.parts))
        return rank_individuals(queries.stack(), known.stack(), known.individuals, k, engine=engine)

    def append(self, images: Embeddings) -> Gallery:
        """Write more images, such as confirmed matches, and return the gallery with them.

        Raises:
            InputError: another model embedded them, an image is there already or comes twice, or an
                image has no individual_id.
        """
        with changing(self.folder) as now:
            return now.take_in(images)

    def take_in(self, images: Embeddings) -> Gallery:
        """Do what `append` does, in a gallery that `changing` has opened."""
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

    def check(self, about: Mapping[str, str]) -> None:
        """Raise InputError if embeddings cannot be compared with the gallery's, because another
        model, source, view or preprocessing made them.

        Args:
            about: what made the embeddings.
        """
        for fact in FACTS:
            mine, theirs = self.about.get(fact, ""), about.get(fact, "")
            if mine != theirs:
                raise InputError(
                    f"These embeddings have {fact} {theirs or 'unknown'}, but those of the gallery "
                    f"{self.folder} have {mine or 'unknown'}: embed with the gallery's model."
                )


def make_gallery(
    folder: Path,
    images: Embeddings,
    catalogue: Path | None = None,
    model: OwnModel | None = None,
) -> Gallery:
    """Write a new gallery of these images, and return it.

    Args:
        folder: of the gallery.
        images: what made them is written down, and other images must agree with it.
        catalogue: the folder of the catalogue that they are from, which is written down too.
        model: which model embedded them, which is written down too.

    Raises:
        InputError: there is a gallery already; or see `Gallery.append`.
    """
    folder = Path(folder)
    with only_writer(folder, "making a gallery in"):
        if is_gallery(folder):
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
        if model is not None:
            head["model"] = model.to_json(folder)
        write_json(folder / HEAD, head)  # last: without it the folder is not a gallery
    return gallery


def open_gallery(folder: Path) -> Gallery:
    """Return the gallery in a folder.

    Raises:
        InputError: there is none, it is damaged, or a later version wrote it.
    """
    folder = Path(folder)
    about, catalogue, model = _head(folder)
    parts = load_parts(folder)
    for part in parts:
        Gallery(folder, about, ()).check(part.about)
    return Gallery(folder, about, tuple(changed(parts, load_changes(folder))), catalogue, model)


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


def is_gallery(folder: Path) -> bool:
    """Return whether there is a gallery in a folder."""
    return (Path(folder) / HEAD).is_file()


def catalogue_of(folder: Path) -> Path | None:
    """Return the folder of the catalogue that a gallery was built from; errors: see
    `open_gallery`."""
    return _head(Path(folder))[1]


def beside(folder: Path, pictures: Iterable[Path]) -> list[str]:
    """Return the paths of pictures as a gallery keeps them: seen from its folder; see
    `seen_from`."""
    return [seen_from(folder, picture) for picture in pictures]


def own_model(folder: Path) -> tuple[OwnModel | None, dict[str, str]]:
    """Return which model embedded a gallery (None if it is not written down), and what made the
    embeddings; errors: see `open_gallery`."""
    about, _, model = _head(Path(folder))
    return model, about


def _head(folder: Path) -> tuple[dict[str, str], Path | None, OwnModel | None]:
    """Return what made a gallery's embeddings, the folder of its catalogue, and its model."""
    if not is_gallery(folder):
        raise InputError(f"There is no gallery in {folder}: make one first.")
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        schema, about = head["schema"], {str(k): str(v) for k, v in head["about"].items()}
        catalogue = folder / head["catalogue"] if "catalogue" in head else None
        model = model_from_json(head["model"], folder) if "model" in head else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{folder / HEAD} is damaged: make the gallery again.") from None
    if schema != SCHEMA:
        raise InputError(f"The gallery {folder} is of version {schema}, not {SCHEMA}.")
    return about, catalogue, model
