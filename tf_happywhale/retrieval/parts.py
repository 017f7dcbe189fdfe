"""A folder of numbered files that is only ever added to, by however many writers."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings


def numbered(folder: Path, stem: str, ending: str) -> list[Path]:
    """The files `<stem>-00000<ending>`, `<stem>-00001<ending>` and so on.

    Raises:
        InputError: a number is left out.
    """
    files = sorted(Path(folder).glob(f"{stem}-*{ending}"))
    for number, file in enumerate(files):
        expected = f"{stem}-{number:05d}{ending}"
        if file.name != expected:
            raise InputError(f"The folder {folder} lacks {expected}: bring it back, or start anew.")
    return files


def add_numbered(whole: Path, folder: Path, stem: str) -> Path:
    """Give a finished file the next free number; one that is taken meanwhile is not replaced."""
    for number in count(len(list(folder.glob(f"{stem}-*{whole.suffix}")))):
        with suppress(FileExistsError):
            target = folder / f"{stem}-{number:05d}{whole.suffix}"
            os.link(whole, target)
            return target
    raise AssertionError("count has no end")


def load_parts(folder: Path) -> list[Embeddings]:
    """The embeddings files of a folder; errors as `numbered` and `load_embeddings`."""
    return [load_embeddings(file) for file in numbered(folder, "part", ".npz")]


def add_part(folder: Path, images: Embeddings) -> None:
    """Write a further embeddings file; a writer that is killed leaves the folder as it was."""
    whole = Path(folder) / f".part.{os.getpid()}.npz"
    save_embeddings(whole, images)
    try:
        add_numbered(whole, Path(folder), "part")
    finally:
        whole.unlink()
