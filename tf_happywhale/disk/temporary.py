"""Temporary files next to the files that they become. The name shows whether the process that wrote
one is gone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

HERE = hashlib.sha256(platform.node().encode()).hexdigest()[:6]  # this machine, in a name
NAME = re.compile(r"\..*\.(?P<process>\d+)(-(?P<machine>[0-9a-f]{6}))?\.partial(\..*)?", re.DOTALL)
DAY = 24 * 3600
LONGEST = 120  # bytes that are kept of a stem, since a whole name has 255 at most
NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EROFS}
_swept: set[Path] = set()


def temporary_beside(path: Path) -> Path:
    """Return a name next to `path` for the file that becomes it. Its endings are kept, since some
    writers need them.
    """
    ending = "".join(path.suffixes)
    stem = path.name[: len(path.name) - len(ending)]
    if len(os.fsencode(path.name)) > LONGEST:
        stem, ending = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16], path.suffix[:20]
    return path.with_name(f".{stem}.{os.getpid()}-{HERE}.partial{ending}")


def is_temporary(name: str) -> bool:
    """Return whether a file or folder of this name is half-written, by any process."""
    return NAME.fullmatch(name) is not None


def sweep(folder: Path) -> None:
    """Remove what killed processes have left in a folder, once in each process. The files that a
    running one writes stay.

    Whether a process runs can be known on this machine only. A file that another machine has
    written, or that has no known writer, is removed when it is a day old.
    """
    if folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if ".partial" in entry.name]
        for name in filter(_is_abandoned, (folder / name for name in names)):
            remove(name)


def remove(temporary: Path) -> None:
    """Remove a temporary file or folder, as far as possible: nobody reads it anyway."""
    if temporary.is_dir() and not temporary.is_symlink():
        shutil.rmtree(temporary, ignore_errors=True)
    with suppress(OSError):
        temporary.unlink()


def to_disk(temporary: Path) -> None:
    """Wait until the content of a file, or of all files in a folder, is on the disk.

    Without this, a power cut soon after the file was renamed can leave an empty file under its
    final name, and the earlier file is gone.
    """
    files = [temporary]
    if temporary.is_dir():
        files = [Path(home, name) for home, _, names in os.walk(temporary) for name in names]
    for file in files:
        descriptor = os.open(file, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in NO_SYNC:  # some disks cannot do this
                raise
        finally:
            os.close(descriptor)


def _is_abandoned(temporary: Path) -> bool:
    named = NAME.fullmatch(temporary.name)
    if named is None:
        return False
    if named["machine"] == HERE and os.name == "posix":
        process = int(named["process"])
        return process != os.getpid() and not _is_running(process)
    return time.time() - temporary.stat().st_mtime > DAY


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # somebody else's
    return True
