"""The files of a gallery as they were written, mapped: nothing is read before it is needed."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tf_happywhale.disk.npz import map_array
from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.numbered_files import numbered
from tf_happywhale.retrieval.embeddings import COLUMN, Embeddings, join_embeddings

ROWS = ("embedding", "image", "individual_id")  # an element for each image, as the columns have
HEADS = ("centre", "centre_id")  # of a model's head, which a gallery does not need


@dataclass(frozen=True)
class MappedPart:
    """One embeddings file of a gallery, without its corrections.

    Attributes:
        file: `part-00000.npz` and so on.
        arrays: embedding [n, d] float32, image, individual_id and the columns, each str [n].
        about: what made the embeddings.
        stamp: says that a file has the same content: the checksums that it holds itself.
    """

    file: Path
    arrays: dict[str, np.ndarray]
    about: dict[str, str]
    stamp: str

    def __len__(self) -> int:
        return len(self.arrays["image"])

    def take(self, rows: np.ndarray, individual_id: np.ndarray) -> Embeddings:
        """Return some images, with the individuals that are in them after the corrections."""
        columns = {
            name.removeprefix(COLUMN): np.asarray(array[rows])
            for name, array in self.arrays.items()
            if name.startswith(COLUMN)
        }
        embedding, image = (np.asarray(self.arrays[name][rows]) for name in ROWS[:2])
        return Embeddings(embedding, image, individual_id, dict(self.about), columns=columns)


@dataclass(frozen=True)
class MappedParts:
    """All embeddings files of a gallery. Their images are numbered from 0 on, through all files.

    Attributes:
        parts: in their order.
    """

    parts: Sequence[MappedPart]

    @cached_property
    def starts(self) -> np.ndarray:
        """The number of the first image of each file, and behind them how many there are."""
        return np.concatenate([[0], np.cumsum([len(part) for part in self.parts])]).astype(np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def take(self, rows: np.ndarray, individual_id: np.ndarray) -> Embeddings:
        """Return some images in ascending order.

        Args:
            rows: int64 [n], ascending.
            individual_id: str [n], who is in each of them.
        """
        cuts = np.searchsorted(rows, self.starts)
        found = []
        for number, part in enumerate(self.parts):
            mine = slice(cuts[number], cuts[number + 1])
            if mine.start < mine.stop:
                found.append(part.take(rows[mine] - self.starts[number], individual_id[mine]))
        return join_embeddings(found)

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """Return the embeddings of some images in ascending order, float32 [n, d]."""
        cuts = np.searchsorted(rows, self.starts)
        pieces = [
            part.arrays["embedding"][rows[cuts[n] : cuts[n + 1]] - self.starts[n]]
            for n, part in enumerate(self.parts)
        ]
        return np.concatenate(pieces)

    def embeddings(self, first: int, end: int) -> np.ndarray:
        """Return the embeddings of the images from `first` to `end`, float32 [n, d]."""
        pieces = [self.parts[n].arrays["embedding"][span] for n, span in self.spans(first, end)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def spans(self, first: int, end: int) -> list[tuple[int, slice]]:
        """Return which rows of which files the images from `first` to `end` are."""
        found = []
        for number, start in enumerate(self.starts[:-1].tolist()):
            low, high = max(first - start, 0), min(end - start, len(self.parts[number]))
            if low < high:
                found.append((number, slice(low, high)))
        return found


def map_parts(folder: Path) -> MappedParts:
    """Return a gallery's files, mapped.

    Raises:
        InputError: one is missing or damaged.
    """
    return MappedParts([_map(file) for file in numbered(folder, "part", ".npz")])


def _map(file: Path) -> MappedPart:
    check_opens(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        arrays, about = {}, {}
        with np.load(file, allow_pickle=False) as archive:
            for name in entries:
                if name in ROWS or name.startswith(COLUMN):
                    mapped = map_array(file, name)
                    arrays[name] = archive[name] if mapped is None else mapped
                elif name not in HEADS:
                    about[name] = str(archive[name])
        lengths = {len(array) for array in arrays.values()}
        if not set(ROWS) <= set(arrays) or len(lengths) > 1:
            raise ValueError("other arrays, or not equally long ones")
    except Exception as error:  # NumPy and zipfile raise many kinds
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:80]
        raise InputError(f"{file} is damaged ({reason}): bring it back from a copy.") from None
    stamp = " ".join(f"{entries[name].CRC:08x}" for name in ROWS)
    return MappedPart(file, arrays, about, stamp)
