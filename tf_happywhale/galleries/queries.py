"""What `identify` keeps of the photographs, and where the photographs are now."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.changes import load_changes, mark_of
from tf_happywhale.galleries.gallery_folder import beside, is_gallery
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings

QUERIES = "queries.npz"
SEEN_FROM_OUTPUT = "picture_from_output"  # a column: the picture's path, seen from that folder
CORRECTED = "corrected"  # a column: which corrections the gallery had, see `mark_of`
SHORT = 16  # digits of a SHA-256 in decisions.csv


def short_content(content: str) -> str:
    """Return a content as decisions.csv has it: a spreadsheet keeps it as text."""
    return f"sha256:{content[:SHORT]}" if content else ""


def save_queries(output: Path, queries: Embeddings, corrected: str = "") -> None:
    """Write the animals identified into the folder `output`. The paths of their pictures stay right
    in another working folder (`picture` is absolute), and if the output is moved together with the
    photographs.

    Args:
        output: the folder.
        queries: the animals.
        corrected: see `corrections_of`.
    """
    pictures = queries.column("picture").tolist()
    columns = {
        "picture": [os.path.abspath(picture) for picture in pictures],
        SEEN_FROM_OUTPUT: beside(output, map(Path, pictures)),
        CORRECTED: [corrected] * len(pictures),
    }
    columns = {name: np.array(paths, np.str_) for name, paths in columns.items()}
    save_embeddings(output / QUERIES, replace(queries, columns=queries.columns | columns))


def corrections_of(place: Path) -> str:
    """Return which corrections a gallery has, see `mark_of`; a catalogue folder has none."""
    return mark_of(load_changes(place) if is_gallery(place) else ())


def load_queries(output: Path) -> Embeddings:
    """Return what `save_queries` wrote, also in an older version.

    Raises:
        InputError: `identify` has not written into this folder, or the file is damaged.
    """
    if not (output / QUERIES).is_file():
        raise InputError(
            f"There is no {output / QUERIES}: set output=DIR to the folder that identify wrote."
        )
    return load_embeddings(output / QUERIES)


class PhotographFinder:
    """Finder of the photographs that were identified, also if they were moved or renamed.

    A photograph is recognised by the hash of its bytes, which `identify` kept.

    Args:
        queries: with the columns picture and content.
        output: the folder that `identify` wrote.
        elsewhere: a folder to search for photographs that are not at their path.
    """

    def __init__(self, queries: Embeddings, output: Path, elsewhere: Path | None = None) -> None:
        self.elsewhere = elsewhere
        self.paths: dict[str, list[Path]] = {}
        self.content: dict[str, str] = {}
        columns = [
            queries.column(name).tolist() for name in ("picture", SEEN_FROM_OUTPUT, "content")
        ]
        for key, picture, seen, content in zip(queries.image.tolist(), *columns, strict=True):
            # The path seen from the output first: the output may be a copy, with the photographs.
            near = [Path(os.path.realpath(output / seen))] if seen else []
            self.paths[photograph_of(key)] = [*near, Path(picture)] if picture else near
            self.content[photograph_of(key)] = content
        self.found: dict[str, Path] = {}  # by content
        self.looked_at: set[Path] = set()

    def path(self, key: str) -> Path:
        """Return the path of an animal's photograph.

        Raises:
            InputError: neither its path nor `elsewhere` holds it.
        """
        image = photograph_of(key)
        content = self.content[image]
        if content not in self.found and not self._at_its_path(image):
            self._look_elsewhere(image)
        if content in self.found:
            return self.found[content]
        there = next((path for path in self.paths[image] if path.is_file()), None)
        path = there or next(iter(self.paths[image]), Path(image))
        what = "is another photograph than the one that was identified" if there else "is gone"
        if self.elsewhere is None:
            raise InputError(
                f"{path} {what}: set identify.photographs=FOLDER to a folder that holds the one "
                "that was identified, under whatever name."
            )
        raise InputError(
            f"{path} {what}, and {self.elsewhere} does not hold the one that was identified: set "
            "identify.photographs=FOLDER to the folder that does."
        )

    def _at_its_path(self, image: str) -> bool:
        for path in self.paths[image]:
            if path.is_file() and sha256(path) == self.content[image]:
                self.found[self.content[image]] = path
                return True
        return False

    def _look_elsewhere(self, image: str) -> None:
        """Look for a photograph among the files in `elsewhere` with its ending; those with its name
        come first."""
        if self.elsewhere is None:
            return
        if not self.elsewhere.is_dir():
            raise InputError(f"There is no folder {self.elsewhere}: correct identify.photographs.")
        name, ending = Path(image).name.lower(), Path(image).suffix.lower()
        files = [file for file in self.elsewhere.rglob("*") if file.suffix.lower() == ending]
        for file in sorted(files, key=lambda file: (file.name.lower() != name, str(file))):
            if file not in self.looked_at and file.is_file():
                self.looked_at.add(file)
                self.found.setdefault(sha256(file), file)
                if self.content[image] in self.found:
                    return
