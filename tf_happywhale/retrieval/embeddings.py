"""Embeddings on disk and in hand."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.files import atomic_write


@dataclass(frozen=True)
class Embeddings:
    """One model's embeddings of one split.

    Attributes:
        embedding: [n, d] float32, as the model gives them, not normalised.
        image: str [n], names of the images.
        individual_id: str [n], empty where it is unknown.
        about: where they come from: model, fold, trained_on, source, view, preprocess.
        centre: [c, d] float32, the ArcFace centres of the model's head, or [0, d].
        centre_id: str [c], the individual of each centre.
    """

    embedding: np.ndarray
    image: np.ndarray
    individual_id: np.ndarray
    about: dict[str, str] = field(default_factory=dict)
    centre: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    centre_id: np.ndarray = field(default_factory=lambda: np.zeros(0, np.str_))

    def __post_init__(self) -> None:
        if not len(self.embedding) == len(self.image) == len(self.individual_id):
            raise InputError("Embeddings, images and individuals are not equally many.")
        broken = ~np.isfinite(self.embedding).all(axis=1)
        if broken.any():
            raise InputError(
                f"The embedding of {self.image[broken][0]} is not finite: the model that made it "
                "is broken; train it again."
            )

    def __len__(self) -> int:
        return len(self.image)

    def take(self, rows: np.ndarray) -> Embeddings:
        """Some of them, by row numbers or a mask."""
        return replace(
            self,
            embedding=self.embedding[rows],
            image=self.image[rows],
            individual_id=self.individual_id[rows],
        )

    def reorder(self, images: Sequence[str]) -> Embeddings:
        """The same in the order of `images`.

        Raises:
            InputError: these are not the images the embeddings are of.
        """
        if sorted(images) != sorted(self.image):
            odd = min(set(images) ^ set(self.image), default="one twice")
            raise InputError(
                f"The embeddings are not of the images asked for ({odd}): embed again."
            )
        row = {image: n for n, image in enumerate(self.image)}
        return self.take(np.array([row[image] for image in images], dtype=np.int64))


def check_embeddings(path: Path) -> None:
    """Raise InputError, with the command to run, where there is no embeddings file."""
    if not path.is_file():
        raise InputError(
            f"There are no embeddings {path}: run `python -m tf_happywhale.embed` with the same "
            "config."
        )


def save_embeddings(path: Path, embeddings: Embeddings) -> None:
    """Write an `.npz` without pickles, whole or not at all."""
    with atomic_write(path) as temporary:
        np.savez(
            temporary,
            embedding=embeddings.embedding.astype(np.float32),
            image=np.asarray(embeddings.image, dtype=np.str_),
            individual_id=np.asarray(embeddings.individual_id, dtype=np.str_),
            centre=embeddings.centre.astype(np.float32),
            centre_id=np.asarray(embeddings.centre_id, dtype=np.str_),
            **{key: np.asarray(value, dtype=np.str_) for key, value in embeddings.about.items()},
        )


def load_embeddings(path: Path) -> Embeddings:
    """Read what `save_embeddings` wrote.

    Raises:
        InputError: the file is missing, damaged, or not of this form.
    """
    check_embeddings(path)
    names = ("embedding", "image", "individual_id", "centre", "centre_id")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        columns = [arrays.pop(name) for name in names]
        kinds = [(column.ndim, column.dtype.kind) for column in columns]
        if kinds != [(2, "f"), (1, "U"), (1, "U"), (2, "f"), (1, "U")]:
            raise ValueError("arrays of other kinds")
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        raise InputError(f"{path} holds no embeddings: delete it and run embed again.") from None
    embedding, image, individual_id, centre, centre_id = columns
    about = {key: str(value) for key, value in arrays.items()}
    return Embeddings(embedding, image, individual_id, about, centre, centre_id)


def load_gallery(path: Path, images: Sequence[str], individual_ids: Sequence[str]) -> Embeddings:
    """The catalogue's embeddings in its order.

    Raises:
        InputError: the catalogue's images or labels have changed since they were embedded.
    """
    gallery = load_embeddings(path).reorder(images)
    if gallery.individual_id.tolist() != list(individual_ids):
        raise InputError(f"{path} has other individuals than the catalogue: run embed again.")
    return gallery


def normalise(embedding: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32 [n, d].

    Raises:
        InputError: a row is zero, so that it has no direction.
    """
    embedding = np.asarray(embedding, np.float32)
    length = np.linalg.norm(embedding, axis=1, keepdims=True)
    if not (length > 0).all():
        raise InputError(
            f"The embedding in row {int(np.argmin(length))} is zero: the model that made it is "
            "broken; train it again."
        )
    return embedding / length


def concatenate(members: list[Embeddings], lengths: bool = False) -> Embeddings:
    """An ensemble: members matched by image name, side by side [n, Σd].

    Each is L2-normalised first, so that all count alike; with `lengths` they are taken as they are.

    Raises:
        InputError: the members do not hold the same images.
    """
    first = members[0]
    parts = [member.reorder(first.image).embedding for member in members]
    if not lengths:
        parts = [normalise(part) for part in parts]
    return Embeddings(np.concatenate(parts, axis=1), first.image, first.individual_id, first.about)
