"""Unpacking zip archives, so that nothing leaves the folder and no half-written file stays."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from itertools import chain, count
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from tf_happywhale.disk.files import written_as
from tf_happywhale.disk.temporary import sweep, temporary_beside, to_disk
from tf_happywhale.errors import InputError


def path_inside(folder: Path, name: str) -> Path:
    """The path of `name` below `folder`.

    Raises:
        InputError: the name leads out of the folder.
    """
    pure = PurePosixPath(name.replace("\\", "/"))
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or ":" in name or "\0" in name:
        raise InputError(f"The file name {name!r} leads out of {folder}: do not trust its source.")
    return Path(folder, *pure.parts)


def has_size(path: Path, size: int) -> bool:
    """Whether `path` is a file of `size` bytes."""
    return path.is_file() and path.stat().st_size == size


def move_into_place(file: Path, target: Path) -> None:
    """Rename `file` to `target`. Another file of that name is kept as `<name>.before`, or as
    `<name>.before2` and so on if there is one already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        names = (f"{target.name}.before{number or ''}" for number in chain([0], count(2)))
        before = next(path for path in map(target.with_name, names) if not os.path.lexists(path))
        try:
            os.link(target, before)  # so that there is a `target` at any time
        except OSError:  # a disk without hard links, such as exFAT
            os.replace(target, before)
    os.replace(file, target)


def unpack(archive: Path, to: Path) -> dict[str, int]:
    """Unpack a zip archive into the folder `to`. Members that are there already stay.

    Returns:
        The size in bytes of every member, by its name.

    Raises:
        InputError: a member leads out of the folder or is a link, there is no space, or the
            archive is damaged; then it is removed, so that it can be downloaded again.
    """
    to = Path(to)
    to.mkdir(parents=True, exist_ok=True)
    sweep(to)
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [member for member in zipped.infolist() if not member.is_dir()]
            _check(archive, members, to)
            sizes = {member.filename: member.file_size for member in members}
            for member in tqdm(members, desc=f"unpack {archive.name}", unit="file"):
                if not has_size(path_inside(to, member.filename), member.file_size):
                    _unpack_member(zipped, member, to)
    except (zipfile.BadZipFile, EOFError, zlib.error):
        archive.unlink()
        raise InputError(f"{archive} was damaged and has been removed: run this again.") from None
    return sizes


def readable_bytes(count: int) -> str:
    """A number of bytes in words: `62.1 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count = count / 1000
    return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"


def _check(archive: Path, members: list[zipfile.ZipInfo], to: Path) -> None:
    needed = 0
    for member in members:
        target = path_inside(to, member.filename)
        if stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & 0x1:
            raise InputError(
                f"{archive} holds {member.filename!r}, a link or an encrypted file: unpack it "
                "yourself if you trust it."
            )
        needed += 0 if has_size(target, member.file_size) else member.file_size
    free = shutil.disk_usage(to).free
    if needed > free:
        raise InputError(
            f"{archive} unpacks to {readable_bytes(needed)}, but {to} has {readable_bytes(free)} "
            "free: free some space and run this again."
        )


def _unpack_member(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path) -> None:
    target = path_inside(to, member.filename)
    temporary = temporary_beside(to / target.name)
    with written_as(target, temporary):
        with zipped.open(member) as source, temporary.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        to_disk(temporary)
        move_into_place(temporary, target)
