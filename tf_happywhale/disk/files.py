"""Write files whole or not at all: under a temporary name, then renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_happywhale.disk.os_errors import of_target
from tf_happywhale.disk.temporary import remove, sweep, temporary_beside, to_disk

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def atomic_write(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """Yield a temporary path next to `path`. On success it is renamed to `path`.

    The temporary name keeps the endings of `path`, because some writers choose their format by
    them. If the body raises, the temporary file or folder is removed and `path` stays as it was.
    Files that killed processes have left in the folder are removed as well.

    Args:
        path: a file or a folder. A folder that is there is replaced as a whole.
        lasting: wait until the content is on the disk, so that `path` is whole after a power cut
            too. False for what is quickly made again.

    Raises:
        OSError: about `path`, if it cannot be written, whatever error the body's writer raises.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    temporary = temporary_beside(path)
    with written_as(path, temporary):
        yield temporary
        if lasting:
            to_disk(temporary)
        if temporary.is_dir():
            _replace_folder(temporary, path)
        else:
            os.replace(temporary, path)


@contextmanager
def written_as(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Remove `temporary` if the body raises. An error about it becomes one about `path`, the name
    that a person knows."""
    try:
        yield
    except BaseException as error:
        if temporary is not None:
            remove(temporary)  # raises nothing: the first error is the one to show
        of_path = of_target(error, temporary or path, path)
        if of_path is None or of_path is error:
            raise
        raise of_path from error


def restore_folder(path: Path) -> None:
    """Restore a folder whose replacement was killed between the two renames that it takes."""
    before = path.with_name(f".{path.name}.before")
    if before.is_dir() and not path.exists():
        os.replace(before, path)


def _replace_folder(temporary: Path, path: Path) -> None:
    """Rename a folder over another, which comes back if that fails."""
    before = path.with_name(f".{path.name}.before")
    restore_folder(path)
    remove(before)
    if path.is_dir():
        os.replace(path, before)
    try:
        os.replace(temporary, path)
    except OSError:
        restore_folder(path)
        raise
    remove(before)


def shown(paths: Iterable[Path]) -> list[Path]:
    """Return the paths in order, without names that begin with a dot. Those are not data: locks,
    temporary files, and the files that other systems leave next to each file (`._a.txt`).
    """
    return sorted(path for path in paths if not path.name.startswith("."))


def write_bytes(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write `content` to `path`, whole or not at all; `lasting`: see `atomic_write`."""
    with atomic_write(path, lasting=lasting) as temporary:
        temporary.write_bytes(content)


def append_line(path: Path, line: str) -> None:
    """Add a line of UTF-8 text to a file.

    Raises:
        OSError: about `path`, also if a full disk is noticed late.
    """
    with written_as(path), path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(line + "\n")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text to `path`, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON with sorted keys, whole or not at all."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as UTF-8 CSV without an index, whole or not at all."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")
