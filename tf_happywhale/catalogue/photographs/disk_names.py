"""The names on disk of the pictures that a table lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.photographs.checked_names import all_plain, check_names, is_plain
from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.errors import InputError


def names_on_disk(
    names: Iterable[str],
    folder: Path,
    listed_in: Path,
    lines: Iterable[int] | None = None,
    *,
    must_be_there: bool = True,
) -> list[str]:
    """Names of pictures, or keys of animals in them, as the files are named in `folder`.

    Args:
        names: as a table has them.
        folder: of the pictures.
        listed_in: the table.
        lines: of each name in it; None: not known.
        must_be_there: False: a picture that is not there keeps the name that the table has.

    Raises:
        InputError: a picture is not there, or two may be meant. It names the first.
    """
    written = list(names)
    # The listing decides, since some disks also find a file under another case or Unicode form.
    index = KnownNames(_files(folder), f"in {folder}")
    if all_plain(written) and index.names.keys() >= set(written):
        return written
    places = (
        [str(listed_in)] * len(written)
        if lines is None
        else [f"Line {line} of {listed_in}" for line in lines]
    )
    there = {
        name
        for name in map(photograph_of, written)
        if (name if is_plain(name) else str(PurePosixPath(name))) in index.names
    }
    if all(photograph_of(name) in there for name in written):
        return written
    found = [
        name if photograph_of(name) in there else index.find(name, place)
        for name, place in zip(written, places, strict=True)
    ]
    missing = [n for n, name in enumerate(found) if name is None]
    if missing and must_be_there:
        if not os.path.isdir(folder):
            raise InputError(
                f"There is no folder {folder} with the photographs that {listed_in} lists: put "
                "them there, or name their folder with data.train_images=FOLDER (. is the table's)."
            )
        lacking = dict.fromkeys(photograph_of(written[n]) for n in missing)
        raise InputError(
            f"{places[missing[0]]} lists {_missing(list(lacking), folder, index)}: add "
            "the file, or correct the row."
        )
    return [name or own for name, own in zip(found, written, strict=True)]


def _missing(names: Sequence[str], folder: Path, there: KnownNames) -> str:
    """The first name that a folder lacks and how many more, with an example of its names."""
    more = f" (and {len(names) - 1} more)" if names[1:] else ""
    example = next((name for name in there.names if "/." not in f"/{name}"), "")
    named = f"; its files have names like {example[:80]!r}" if example else ""
    return f"{names[0][:80]!r}{more}, but {folder} has no such file{named}"


def checked_names(
    names: pd.Series, folder: Path | None, table: Path, *, must_be_there: bool = True
) -> list[str]:
    """The names of a column, checked, and as the files are named in `folder` if it is given.

    Args:
        names: the column; its index is the table's line numbers.
        folder, must_be_there: see `names_on_disk`.
        table: the file.

    Raises:
        InputError: see `check_names` and `names_on_disk`.
    """
    written = names.tolist()
    check_names(written, table, names.index)
    if folder is None:
        return written
    found = names_on_disk(written, folder, table, names.index, must_be_there=must_be_there)
    if found != written:
        check_names(found, table, names.index)
    return found


def _files(folder: Path) -> list[str]:
    """All files below a folder, sorted. Links to folders are followed unless they lead upwards."""
    found: list[str] = []
    if not os.path.isdir(folder):
        return found
    waiting: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(folder),))]
    while waiting:
        inside, above = waiting.pop()
        with os.scandir(os.path.join(folder, inside)) as entries:
            for entry in entries:
                name = f"{inside}{entry.name}"
                if _says(entry.is_file):
                    found.append(name)
                if not _says(entry.is_dir):
                    continue
                real = os.path.join(above[-1], entry.name)
                real = os.path.realpath(real) if entry.is_symlink() else real
                if real not in above:
                    waiting.append((f"{name}/", (*above, real)))
    return sorted(found)


def _says(question: Callable[[], bool]) -> bool:
    """Return an entry's own answer, which mostly comes with the listing and asks the disk nothing
    more; False for a link that leads nowhere."""
    try:
        return question()
    except OSError:
        return False
