"""Embeddings of images: write, read, check and join them, one `.npz` for each model and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np

from tf_happywhale.disk.npz import map_array, write_npz
from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.lengths import squared_lengths, without_direction
from tf_happywhale.retrieval.other_programs import as_ours
from tf_happywhale.retrieval.search.individuals import Individuals, individuals_of
from tf_happywhale.retrieval.search.joined_rows import Stack, stack

ARRAYS = ("embedding", "image", "individual_id", "centre", "centre_id")
COLUMN = "column/"  # before a column's name in the file


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of one split by one model.

    Attributes:
        embedding: [n, d] float32, as the model gives them, not normalised.
        image: str [n], names of the images.
        individual_id: str [n], empty if it is unknown.
        about: where they come from: model, fold, trained_on, source, view, preprocess.
        centre: [c, d] float32, the ArcFace centres of the model's head, or [0, d].
        centre_id: str [c], the individual of each centre; an individual's sub-centres follow one
            another.
        columns: what else is known about the images, such as species, each str [n].
        squares: float64 [n], squares of the embeddings' lengths.
    """

    embedding: np.ndarray
    image: np.ndarray
    individual_id: np.ndarray
    about: dict[str, str] = field(default_factory=dict)
    centre: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    centre_id: np.ndarray = field(default_factory=lambda: np.zeros(0, np.str_))
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    squares: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if {len(part) for part in (self.image, self.individual_id, *self.columns.values())} - {
            len(self.embedding)
        }:
            raise InputError("Embeddings, images and individuals are not equally many.")
        for name, dtype in (("embedding", np.float32), ("individual_id", None)):
            array = np.asarray(getattr(self, name), dtype)
            if array.flags.writeable:
                array = array.view()
                array.flags.writeable = False  # what is known of them stays true
            object.__setattr__(self, name, array)
        object.__setattr__(self, "squares", squared_lengths(self.embedding))
        broken = without_direction(self.squares)
        if broken is not None:
            row, what = broken
            raise InputError(
                f"The embedding of {self.image[row]} is {what}: the model that made it is broken; "
                "train it again."
            )

    def __len__(self) -> int:
        return len(self.image)

    def stack(self) -> Stack:
        """Return the embeddings as rows of length 1."""
        return stack([self.embedding], squares=[self.squares])

    @cached_property
    def individuals(self) -> Individuals:
        """The individuals of the images, sorted when they are first asked for."""
        return individuals_of(self.individual_id)

    def take(self, rows: np.ndarray) -> Embeddings:
        """Return some of the embeddings, by row numbers or a mask."""
        return replace(
            self,
            embedding=self.embedding[rows],
            image=self.image[rows],
            individual_id=self.individual_id[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
        )

    def column(self, name: str) -> np.ndarray:
        """Return one of the columns, str [n]; empty text if there is none of this name."""
        return self.columns.get(name, np.full(len(self), ""))

    def rows_of(self, images: Sequence[str]) -> np.ndarray:
        """Return the row of each of `images`, int64 [n].

        Raises:
            InputError: these are not the images the embeddings are of.
        """
        images = np.asarray(images, dtype=np.str_).tolist()
        row = {image: n for n, image in enumerate(self.image.tolist())}
        if len(row) == len(self) and images == list(row):
            return np.arange(len(row))
        if len(row) < len(self):
            twice = next(name for name, count in Counter(self.image.tolist()).items() if count > 1)
            raise InputError(f"The embeddings hold the image {twice!r} twice: embed again.")
        asked = set(images)
        for odd, what in (
            (sorted(asked - set(row)), "lack"),
            (sorted(set(row) - asked), "hold, without being asked,"),
        ):
            if odd:
                count = "1 image" if len(odd) == 1 else f"{len(odd)} images"
                raise InputError(
                    f"The embeddings are not of the images asked for: they {what} {count} "
                    f"({odd[0]!r}). Embed again; other programs' files need a row an image."
                )
        if len(asked) < len(images):
            raise InputError("An image is asked for twice: name each once.")
        return np.array([row[image] for image in images], dtype=np.int64)

    def reorder(self, images: Sequence[str]) -> Embeddings:
        """Return the embeddings in the order of `images`; errors: see `rows_of`."""
        return self.take(self.rows_of(images))


def check_embeddings(path: Path) -> None:
    """Raise InputError, with the command to run, if there is no embeddings file."""
    if not path.is_file():
        raise InputError(
            f"There are no embeddings {path}: run `python -m tf_happywhale.embed` with the same "
            "config."
        )


def save_embeddings(path: Path, embeddings: Embeddings) -> None:
    """Write an `.npz` without pickles, whole or not at all, whose embeddings can be mapped."""
    arrays = {
        "embedding": np.ascontiguousarray(embeddings.embedding, dtype=np.float32),
        "image": np.asarray(embeddings.image, dtype=np.str_),
        "individual_id": np.asarray(embeddings.individual_id, dtype=np.str_),
        "centre": embeddings.centre.astype(np.float32),
        "centre_id": np.asarray(embeddings.centre_id, dtype=np.str_),
    }
    arrays |= {key: np.asarray(value, dtype=np.str_) for key, value in embeddings.about.items()}
    arrays |= {
        f"{COLUMN}{name}": np.asarray(column, dtype=np.str_)
        for name, column in embeddings.columns.items()
    }
    write_npz(path, arrays)


def load_embeddings(path: Path) -> Embeddings:
    """Read what `save_embeddings` wrote, or what another program saved.

    Another program's file is checked by `other_programs.py`. The embeddings of a file of our own
    are mapped, and read from the disk when they are needed.

    Raises:
        InputError: the file is missing, damaged, or not of this form.
    """
    check_embeddings(path)
    check_opens(path)
    try:
        arrays = _arrays(path)
        if not set(ARRAYS) <= set(arrays):  # our own files have all of them
            arrays = as_ours(arrays, path)
        columns = [arrays.pop(name) for name in ARRAYS]
        kinds = [(column.ndim, column.dtype.kind) for column in columns]
        if kinds != [(2, "f"), (1, "U"), (1, "U"), (2, "f"), (1, "U")]:
            raise ValueError("arrays of other kinds")
        further = {key: arrays.pop(key) for key in list(arrays) if key.startswith(COLUMN)}
        if any((column.ndim, column.dtype.kind) != (1, "U") for column in further.values()):
            raise ValueError("columns of other kinds")
        embedding, image, individual_id, centre, centre_id = columns
        for text in (image, individual_id, *further.values()):
            text.tolist()  # fails if bytes are not characters
        _check_centres(centre, centre_id.tolist())
        about = {key: str(value) for key, value in arrays.items()}
    except InputError:
        raise
    except Exception as error:  # NumPy, zipfile and its decompressors raise many kinds
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:80]
        raise InputError(
            f"{path} cannot be read as embeddings ({reason}): bring it back from a copy, or run "
            "embed again."
        ) from None
    named = {key.removeprefix(COLUMN): column for key, column in further.items()}
    return Embeddings(embedding, image, individual_id, about, centre, centre_id, named)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return every array of an `.npz`; the embeddings are memory-mapped if they can be.

    Raises:
        InputError: an array is pickled.
    """
    with np.load(path, allow_pickle=False) as file:
        found = {}
        for key in file.files:
            mapped = map_array(path, key, np.float32) if key == "embedding" else None
            try:
                found[key] = file[key] if mapped is None else mapped
            except ValueError as error:
                if "allow_pickle" not in str(error):
                    raise
                raise InputError(
                    f"{path}: the array {key} is pickled, and nothing is unpickled here. Save it "
                    f"as text: np.array({key}, dtype=str)."
                ) from None
    return found


def join_embeddings(parts: Sequence[Embeddings]) -> Embeddings:
    """Return the parts joined, with the facts of the first one; without any part it is empty."""
    if len(parts) == 1:
        return parts[0]
    width = max((part.embedding.shape[1] for part in parts), default=0)
    names = dict.fromkeys(name for part in parts for name in part.columns)
    text = np.zeros(0, "U1")
    return Embeddings(
        np.concatenate([np.zeros((0, width), np.float32), *(p.embedding for p in parts if len(p))]),
        np.concatenate([text, *(part.image for part in parts)]),
        np.concatenate([text, *(part.individual_id for part in parts)]),
        parts[0].about if parts else {},
        columns={
            name: np.concatenate([text, *(part.column(name) for part in parts)]) for name in names
        },
    )


def _check_centres(centre: np.ndarray, centre_id: Sequence[str]) -> None:
    """Refuse centres without names, or not equally many for each individual."""
    runs = [(identity, len(list(run))) for identity, run in groupby(centre_id)]
    apart = len(dict(runs)) < len(runs)
    if len(centre) != len(centre_id) or apart or len({count for _, count in runs}) > 1:
        raise ValueError("centres that are not each individual's")
