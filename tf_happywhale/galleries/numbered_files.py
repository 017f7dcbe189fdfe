"""A folder of numbered files. Files are only added, by one writer at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings

WAIT = 60.0  # seconds to wait for another writer, which copies photographs or writes a part


@contextmanager
def only_writer(folder: Path, doing: str = "adding to") -> Iterator[None]:
    """Be the only process that writes to a folder. Other processes wait for `WAIT` seconds.

    Raises:
        InputError: another process writes to it for longer.
    """
    with locked(folder, doing, wait=WAIT, inside=True):
        yield


def numbered(folder: Path, stem: str, ending: str) -> list[Path]:
    """Return the files `<stem>-00000<ending>`, `<stem>-00001<ending>` and so on.

    Raises:
        InputError: a number is missing.
    """
    files = sorted(Path(folder).glob(f"{stem}-*{ending}"))
    for number, file in enumerate(files):
        expected = f"{stem}-{number:05d}{ending}"
        if file.name != expected:
            raise InputError(
                f"The folder {folder} lacks {expected}: bring it back, or start again."
            )
    return files


def add_numbered(whole: Path, folder: Path, stem: str) -> Path:
    """Give a finished file the next free number, and return its path. No file is ever replaced.

    The caller is the folder's `only_writer`. If the disk has hard links, this is also safe from a
    writer that the lock does not reach, such as one on another machine.
    """
    for number in count(len(list(folder.glob(f"{stem}-*{whole.suffix}")))):
        target = folder / f"{stem}-{number:05d}{whole.suffix}"
        with suppress(FileExistsError):
            _link(whole, target)
            whole.unlink(missing_ok=True)
            return target
    raise AssertionError("count has no end")


def load_parts(folder: Path) -> list[Embeddings]:
    """Return a folder's embeddings in order; errors: see `numbered` and `load_embeddings`."""
    return [load_embeddings(file) for file in numbered(folder, "part", ".npz")]


def add_part(folder: Path, images: Embeddings) -> None:
    """Write one more embeddings file, whole or not at all. The caller is the folder's
    `only_writer`."""
    whole = Path(folder) / ".part.npz"
    save_embeddings(whole, images)
    try:
        add_numbered(whole, Path(folder), "part")
    finally:
        whole.unlink(missing_ok=True)


def _link(whole: Path, target: Path) -> None:
    """Give a file a second name; raise FileExistsError if another file has that name."""
    try:
        os.link(whole, target)
    except FileExistsError:
        raise
    except OSError:  # exFAT and some network disks have no hard links
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        os.rename(whole, target)
