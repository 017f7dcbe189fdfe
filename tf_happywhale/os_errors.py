"""What the operating system refused, in words: the file whose fault it is, and what is wrong."""

from __future__ import annotations

import errno
from pathlib import Path

AWAY = (errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN)


def in_words(error: OSError, path: str | Path | None = None, *, doing: str = "read") -> str:
    """One sentence on why something could not be done with a file, with what to do about it.

    Args:
        error: what was raised.
        path: the file or folder that was meant; the one that the error names where it is None.
        doing: `read` or `written`, for what may not be done.
    """
    name = error.filename if path is None else path
    if not name:
        return f"The operating system says: {error.strerror or error}."
    place = Path(name if isinstance(name, str | Path) else str(name))
    match error.errno:
        case errno.ENOENT:
            if doing == "written":
                return f"There is no folder for {place}: make it, or name another."
            return f"{place} is gone: bring it back, or correct the name."
        case errno.EACCES | errno.EPERM:
            return f"{place} may not be {doing}: change its permissions, or name another."
        case errno.EISDIR:
            return f"{place} is a folder and not a file: name a file."
        case errno.ENOTDIR:
            return (
                f"{place} cannot be {doing}, since a part of its path is a file and not a folder."
            )
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk of {_folder(place)} is full: make room, and run the command again."
        case errno.EFBIG:
            return f"{place} becomes too large for its disk: name a folder on another disk."
        case errno.EROFS:
            return f"The disk of {_folder(place)} is read-only: name a folder on another disk."
        case errno.EIO:
            return f"The disk of {_folder(place)} failed at {place.name}: check the disk."
        case errno.ENAMETOOLONG:
            return f"The name {place.name[:80]!r} is too long for its disk: shorten it."
        case errno.ELOOP:
            return f"{place} is a link that leads back to itself: remove it."
        case errno.EMFILE | errno.ENFILE:
            return f"Too many files are open to open {place}: raise the limit (ulimit -n)."
        case code if code in AWAY:
            return f"The disk of {_folder(place)} is not connected: connect it again."
    return f"{place} cannot be {doing}: {error.strerror or error}."


def _folder(place: Path) -> Path:
    return place if place.is_dir() else place.parent
