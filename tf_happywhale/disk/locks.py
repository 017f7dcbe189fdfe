"""Lock a file or folder, so that only one process writes to it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from tf_happywhale.errors import InputError

NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}  # a disk without locks


@contextmanager
def locked(
    place: Path, doing: str, *, wait: float = 0, inside: bool = False, part: str = ""
) -> Iterator[None]:
    """Hold the lock of a file or folder, so that no other process writes to it meanwhile.

    The lock is the file `.<name>.lock` next to `place`. The operating system frees it when the
    process ends, however it ends. Nested use in one process is fine for different places only.

    Args:
        place: what is written to; it need not exist yet.
        doing: what the other process is doing, for the error, such as `training into`.
        wait: seconds to wait for the other process.
        inside: the lock is the file `.lock` in the folder `place`, because what lies next to it may
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
