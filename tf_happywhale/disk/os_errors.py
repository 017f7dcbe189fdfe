"""Errors of the operating system in words: which file, and what is wrong with it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from tf_happywhale.errors import InputError

AWAY = (errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN)
IN_USE_ON_WINDOWS = (32, 33)  # another process has locked the file, or a part of it
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)  # the folder is read-only
ON_THE_TARGET = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
WRITING = "This file was being written."  # the note of an error in `atomic_write`
WRITTEN_IN_C = ("safetensors", "tensorflow", "h5py")
SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")  # NumPy's, which hides the reason
OF_TENSORFLOW = re.compile(r"(?:\{\{.*\}\} )?(/[^;\n]+); ")  # `FILE; REASON`
TEXTS = {
    os.strerror(number): number
    for number in (
        *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES),
        *(errno.EPERM, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EMFILE),
    )
}


def in_words(error: OSError, path: str | Path | None = None, *, doing: str = "read") -> str:
    """Return one sentence on why something could not be done with a file, with what to do about it.

    Args:
        error: what was raised.
        path: the file or folder that was meant; None: the one that the error names.
        doing: `read` or `written`: what may not be done.
    """
    name = _file_of(error) if path is None else path
    if not name:
        return _without_a_file(error)
    place = Path(name)
    if getattr(error, "winerror", None) in IN_USE_ON_WINDOWS:
        return f"{place} is in use by another program: close it there, and run the command again."
    match error.errno:
        case errno.ENOENT:
            if doing == "written":
                return f"There is no folder for {place}: make it, or name another."
            return f"{place} is gone: bring it back, or correct the name."
        case errno.EACCES | errno.EPERM:
            return f"{place} may not be {doing}: change its permissions, or name another."
        case errno.EISDIR:
            return f"{place} is a folder and not a file: name a file."
        case errno.ENOTDIR | errno.EEXIST:
            return _in_the_way(place, doing)
        case errno.ENOTEMPTY:
            return f"{place} is a folder that holds other files: move them, or name another."
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
        case errno.EBUSY | errno.ETXTBSY:
            return f"{place} is in use by another program: close it, and run the command again."
        case code if code in AWAY:
            return f"The disk of {_folder(place)} is not connected: connect it again."
    return f"{place} cannot be {doing}: {_reason(error)}."


def check_opens(path: Path) -> None:
    """Raise InputError for a file that cannot be opened, so that its reader does not call it
    damaged.

    Raises:
        InputError: it is gone, may not be read, is a folder, or its disk fails.
    """
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except OSError as error:
        raise InputError(in_words(error, path)) from None


def doing_of(error: OSError) -> str:
    """Return what was being done with an error's file: `read`, `written`, or `read or written` if
    that cannot be known.
    """
    name = _file_of(error)
    if WRITING in getattr(error, "__notes__", ()) or getattr(error, "filename2", None) is not None:
        return "written"
    if error.errno == errno.ENOENT or name is None:
        return "read"
    if not os.path.lexists(name):
        return "written"
    if not os.access(name, os.R_OK):
        return "read"
    folder = name if name.is_dir() else name.parent
    return (
        "read or written" if os.access(name, os.W_OK) and os.access(folder, os.W_OK) else "written"
    )


def as_os_error(error: BaseException) -> OSError | None:
    """Return the OSError behind an exception, or None if the exception is not about a file.

    On a full disk safetensors, TensorFlow, HDF5 and NumPy raise errors of their own, with the
    operating system's words in their text.
    """
    text = str(error)
    if isinstance(error, OSError):
        if error.errno is not None or not SHORT_WRITE.fullmatch(text):
            return error
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if isinstance(error, RuntimeError) or type(error).__module__.split(".")[0] in WRITTEN_IN_C:
        for words, number in TEXTS.items():
            if words in text:
                named = OF_TENSORFLOW.match(text)
                return OSError(number, words, *named.groups() if named else ())
    return None


def of_target(error: BaseException, temporary: Path, target: Path) -> OSError | None:
    """Return an error about `temporary` as one about `target`, the name that a person knows. Return
    None if it is not about a file, or about a file elsewhere.
    """
    found = as_os_error(error)
    if found is None:
        return None
    name = _file_of(found)
    if name is not None and not {temporary.absolute(), target.absolute()} & {
        name.absolute(),
        *name.absolute().parents,
    }:
        return None
    found.strerror = found.strerror or str(found)
    found.filename, found.filename2 = str(target), None
    found.add_note(WRITING)
    return found


def _file_of(error: OSError) -> Path | None:
    """Return the file of an error. If it names the two files of a copy, return the one with the
    fault.
    """
    name = error.filename
    if error.errno in ON_THE_TARGET and getattr(error, "filename2", None) is not None:
        name = error.filename2
    return None if name is None or isinstance(name, int) else Path(os.fsdecode(name))


def _folder(place: Path) -> Path:
    folder = place if place.is_dir() else place.parent
    return Path.cwd() if folder == Path() else folder


def _in_the_way(place: Path, doing: str) -> str:
    file = next((each for each in (place, *place.parents) if each.is_file()), None)
    if file is None:
        return f"{place} is there already: move it, or name another."
    if file == place:
        return f"{place} is a file and not a folder: move it, or name another."
    return f"{place} cannot be {doing}, since {file} is a file and not a folder."


def _without_a_file(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: make room, and run the command again."
    return f"The operating system says: {_reason(error)}."


def _reason(error: OSError) -> str:
    text = str(error.strerror or error).strip() or type(error).__name__
    return text.splitlines()[0][:80]
