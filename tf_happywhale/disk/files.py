"""Whole files only: written beside their place and renamed, hashed by content."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from tf_happywhale.disk.os_errors import of_target
from tf_happywhale.disk.temporary import remove, sweep, temporary_beside, to_disk
from tf_happywhale.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

MISSING = "missing"  # instead of the hash of a file that is not there
NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}  # a disk without locks


@contextmanager
def atomic_write(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is renamed to `path`.

    The temporary name keeps the endings of `path`, because some writers choose their format by
    them. When the body raises, the temporary file or folder is removed and `path` stays as it was.
    What killed processes have left in the folder is removed on the way.

    Args:
        path: a file or a folder. A folder that is there is replaced as a whole.
        lasting: wait until the content is on the disk, so that `path` is whole after a power cut
            too. False for what is quickly made again.

    Raises:
        OSError: about `path`, if it cannot be written, whatever the body's writer raises.
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
    """Put back a folder whose replacement was killed between the two renames that it takes."""
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


@contextmanager
def locked(
    place: Path, doing: str, *, wait: float = 0, inside: bool = False, part: str = ""
) -> Iterator[None]:
    """Hold the lock of a file or folder, so that no other process writes to it meanwhile.

    The lock is the file `.<name>.lock` beside `place`. The operating system frees it when the
    process ends, however it ends. Nested use in one process is fine for different places only.

    Args:
        place: what is written to; it need not exist yet.
        doing: what the other process is doing, for the error, such as `training into`.
        wait: seconds to wait for the other process.
        inside: the lock is the file `.lock` in the folder `place`, because what lies beside it may
            belong to somebody else.
        part: the only thing in the folder `place` that is written to; its lock is a file in the
            folder `.locks` there.

    Raises:
        InputError: another process holds the lock for longer than that.
    """
    real = Path(os.path.realpath(place))  # so a link to a folder has the lock of the folder
    file = real / ".lock" if inside else real.with_name(f".{real.name}.lock")
    file = real / ".locks" / f"{part}.lock" if part else file
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = _hold(file, wait)
    except Timeout:
        raise InputError(
            f"Another process is {doing} {place}: wait until it has finished."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _hold(file: Path, wait: float) -> BaseFileLock:
    """Hold the lock. On a disk without locks it is a file that exists while it is held."""
    lock: BaseFileLock = FileLock(file, timeout=wait)
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        lock = SoftFileLock(file.with_suffix(".held"), timeout=wait)
        lock.acquire()
    return lock


def shown(paths: Iterable[Path]) -> list[Path]:
    """The paths in order, without names that begin with a dot. Those are not data: locks, temporary
    files, and what other systems leave beside each file (`._a.txt`)."""
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


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ContentHashes:
    """SHA-256 of files, remembered by name, size and times of change in one JSON file.

    Hashing 60 GB of photographs takes minutes, so a second look asks the file system first and
    reads only what changed since. The time of its last change (`ctime`) counts too, since another
    card's photograph may have the same name, size and date. If two processes write the file, the
    last one wins; what it does not know is hashed again.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = Path(cache)
        self.known: dict[str, list] = {}
        with suppress(FileNotFoundError, ValueError):
            cached = json.loads(self.cache.read_text(encoding="utf-8"))
            if isinstance(cached, dict):
                self.known = cached
        self.changed = False

    def __call__(self, path: Path) -> str:
        """Content hash of one file, or `missing` where it is, or cannot be opened."""
        try:
            status = os.stat(path)
            stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            key = os.path.abspath(path)
            entry = self.known.get(key)
            if entry is None or entry[:-1] != stamp:
                entry = self.known[key] = [*stamp, sha256(path)]
                self.changed = True
        except OSError:
            return MISSING
        return entry[-1]

    def save(self) -> None:
        """Write the remembered hashes, if there is anything new."""
        if self.changed:
            write_json(self.cache, self.known)
            self.changed = False


def digest(value: Any) -> str:
    """SHA-256 of a JSON-like value, the same for equal values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
