"""What the index of a gallery says of itself, and whether it fits the gallery's files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tf_happywhale.disk.files import write_json
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.mapped_parts import MappedParts, map_parts

FOLDER, HEAD = "index", "index.json"
SCHEMA = 1
OTHER_FILES = (
    "The index of {folder} was made of other files than are there now: run `gallery index "
    "{folder}`."
)


@dataclass(frozen=True)
class Head:
    """What `index.json` says.

    Attributes:
        version: of its files, which are named after it.
        stamps: of the gallery's files whose images are in the segments.
        segments: the first image and the end of each, and how many corrections it knows.
        trained: how many images there were when it was trained.
        lists, probes: see `approximate.py`.
        recall: `asked`, how many of the gallery's images were asked; `five` and `first`, the shares
            of the exact five individuals and of the exact first ones that were found. Empty: not
            measured yet, so the index is unfinished.
    """

    version: int
    stamps: list[str]
    trained: int
    lists: int
    segments: list[list[int]] = field(default_factory=list)
    probes: int = 1
    recall: dict[str, float] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """How many images are in the segments."""
        return self.segments[-1][1] if self.segments else 0

    @property
    def empty(self) -> str:
        """The name of the trained file without images."""
        return f"v{self.version}-empty.faiss"

    def lists_of(self, number: int) -> str:
        """Return the name of a segment's file of compressed embeddings."""
        return f"v{self.version}-{number:05d}.faiss"

    def rows_of(self, number: int, known: int | None = None) -> str:
        """Return the name of the file that says who is in a segment's images, by so many
        corrections; None: by those that it knows."""
        known = self.segments[number][2] if known is None else known
        return f"v{self.version}-{number:05d}-{known}.npz"

    def with_segment(self, number: int, segment: list[int]) -> Head:
        """Return the head with one more segment, or another one in its place. What it finds is not
        known any more."""
        segments = [*self.segments[:number], segment, *self.segments[number + 1 :]]
        return replace(self, segments=segments, recall={})

    @property
    def files(self) -> set[str]:
        """The names of all files."""
        numbers = range(len(self.segments))
        return {self.empty, *map(self.lists_of, numbers), *map(self.rows_of, numbers)}


def index_faults(folder: Path) -> list[str]:
    """Return a sentence if the index of a gallery is of other files or cannot be read; none if it
    has no index."""
    try:
        head = read_head(folder)
        if head is None or fits(head, map_parts(folder)):
            return []
    except InputError as error:
        return [str(error)]
    return [OTHER_FILES.format(folder=folder)]


def fits(head: Head, parts: MappedParts) -> bool:
    """Return whether an index was made of a gallery's files, or of the first of them."""
    stamps = [part.stamp for part in parts.parts]
    return stamps[: len(head.stamps)] == head.stamps and head.end <= len(parts)


def read_head(folder: Path) -> Head | None:
    """Return what the index of a gallery says of itself; None if there is none.

    Raises:
        InputError: it is damaged.
    """
    file = Path(folder) / FOLDER / HEAD
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found.pop("schema") != SCHEMA:
            raise ValueError("another version")
        return Head(**found)
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{file} is damaged: remove its folder, and run `gallery index` again."
        ) from None


def write_head(folder: Path, head: Head) -> None:
    """Write what the index of a gallery says of itself."""
    write_json(Path(folder) / FOLDER / HEAD, {"schema": SCHEMA, **asdict(head)})
