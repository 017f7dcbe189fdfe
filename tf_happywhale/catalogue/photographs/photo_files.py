"""The photographs in a folder, and what else is there: films, raw files, folders of other programs.

Nothing is left out silently. Each picture or film that is not read has a reason, and each kind of
folder that is left out is counted.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tf_happywhale.catalogue.photographs.own_output import is_own_output
from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.errors import InputError

JPEG_ENDINGS = frozenset({".jpg", ".jpeg", ".jfif", ".jpe", ".jps", ".mpo"})
HEIC_ENDINGS = frozenset({".heic", ".heif", ".hif"})
IMAGE_ENDINGS = JPEG_ENDINGS | HEIC_ENDINGS | {".png", ".webp", ".tif", ".tiff", ".bmp"}

HEIC = "HEIC needs pillow-heif: pip install pillow-heif"
RAW = "a camera's raw file: save it as JPEG with the camera's program"
FILM = "a video: save single pictures of it as JPEG"
OTHER = "a format that is not read: save it as JPEG"
ARCHIVE = "an archive: unpack it"
UNNAMED = "a picture whose name does not end like one: rename it"
NOT_READ = {
    ending: reason
    for reason, endings in {
        RAW: "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw "
        "rw2 rwl sr2 srf srw x3f",
        FILM: "3gp avi insv lrv m2ts m4v mkv mov mp4 mpeg mpg mts webm wmv",
        OTHER: "avif bpg eps gif j2k jp2 jxl jxr pdf ppm psd svg tga xcf",
        ARCHIVE: "7z rar tar tgz zip",
    }.items()
    for ending in (f".{name}" for name in endings.split())
}
# Folders that other programs make next to photographs: copies, small pictures, deleted files.
OTHERS_FOLDERS = frozenset(
    {
        "#recycle", "#snapshot", "$recycle.bin", "@eadir", "@recently-snapshot", "@recycle",
        "__macosx", "lost+found", "network trash folder", "recycler", "system volume information",
        "temporary items", "thumbs", "trash",
    }
)  # fmt: skip
PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")
SHOWN = 3  # names in a line


@dataclass
class Listing:
    """What lies below a folder.

    Attributes:
        images: names of the photographs, sorted, relative to the folder.
        not_read: the reason by name, for pictures and films that are not read.
        left_out: names of folders and files without photographs of animals, by kind.
    """

    images: list[str] = field(default_factory=list)
    not_read: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)


def list_photographs(folder: Path) -> Listing:
    """Search a folder and all folders below it, also through links, each real folder once.

    Raises:
        InputError: there is no such folder, it may not be read, or a name is not UTF-8.
    """
    folder, found = Path(folder), Listing()
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: check data.root and data.test_images.")
    for name, path in _files(folder, found):
        if is_photograph(path):
            if not name.isprintable() and name.encode("utf-8", "replace").decode() != name:
                raise InputError(f"{name!r} in {folder} is not a UTF-8 name: rename the file.")
            found.images.append(name)
        elif reason := why_not_read(path):
            found.not_read[name] = reason
    found.images.sort()
    found.not_read = dict(sorted(found.not_read.items()))
    return found


def list_images(folder: Path) -> list[str]:
    """Names of the photographs below a folder, sorted, relative to it; errors: see
    `list_photographs`."""
    return list_photographs(folder).images


def reads_heic() -> bool:
    """Whether pillow-heif, which reads HEIC, is installed."""
    return importlib.util.find_spec("pillow_heif") is not None


def is_photograph(path: Path) -> bool:
    """Whether a file is a picture that is read, by its ending."""
    ending = path.suffix.lower()
    return ending in IMAGE_ENDINGS and (ending not in HEIC_ENDINGS or reads_heic())


def why_not_read(path: Path) -> str:
    """Why a picture or film without the ending of a photograph is not read; empty for any other
    file."""
    ending = path.suffix.lower()
    if ending in HEIC_ENDINGS:
        return HEIC
    if ending in NOT_READ:
        return NOT_READ[ending]
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return ""  # its name is not that of a picture
    return UNNAMED if start.startswith(PICTURE_STARTS) else ""


def skipped_lines(listing: Listing) -> list[str]:
    """Lines about what is not read: for each reason the number of files with each ending, and then
    one line that counts what was left out."""
    lines = []
    for reason in dict.fromkeys(listing.not_read.values()):
        names = [name for name, why in listing.not_read.items() if why == reason]
        endings = Counter(Path(name).suffix.lower() or "no ending" for name in names)
        counts = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
        lines.append(f"not looked at: {counts} (such as {names[0]}), {reason}")
    parts = []
    for kind, names in listing.left_out.items():
        more = ", …" if len(names) > SHOWN else ""
        parts.append(f"{kind}: {len(names)} ({', '.join(names[:SHOWN])}{more})")
    return [*lines, f"left out: {'; '.join(parts)}"] if parts else lines


def _files(folder: Path, found: Listing) -> Iterator[tuple[str, Path]]:
    """Name and path of each file below the folder. What is left out is added to `found`.

    Links to folders come last, so that a real folder keeps its name. A link to a folder that was
    visited already is not followed.
    """
    waiting: list[tuple[str, Path]] = [("", folder)]
    links: list[tuple[str, Path]] = []
    seen: set[tuple[int, int]] = set()
    while waiting or links:
        inside, place = waiting.pop() if waiting else links.pop(0)
        try:
            status = place.stat()
            entries = sorted(Path(entry.path) for entry in os.scandir(place))
        except OSError as error:
            if not inside:
                raise InputError(in_words(error, place)) from None
            found.not_read[inside] = in_words(error, place)
            continue
        if (status.st_dev, status.st_ino) in seen:
            _leave_out(found, "links to folders that are here already", inside)
            continue
        seen.add((status.st_dev, status.st_ino))
        for path in entries:
            name = f"{inside}{path.name}"
            if os.path.isdir(path):  # pathlib's raises where a folder lists what it does not open
                kind = _kind_left_out(path)
                if kind:
                    _leave_out(found, kind, f"{name}/")
                else:
                    (links if path.is_symlink() else waiting).append((f"{name}/", path))
            elif path.name.startswith("."):
                if path.suffix.lower() in IMAGE_ENDINGS:
                    _leave_out(found, "hidden files", name)
            elif os.path.isfile(path):
                yield name, path
            elif path.suffix.lower() in IMAGE_ENDINGS:
                found.not_read[name] = _why_not_there(path)


def _why_not_there(path: Path) -> str:
    try:
        path.stat()
    except OSError as error:
        return in_words(error, path)
    return f"{path} is not a file: remove it."


def _kind_left_out(folder: Path) -> str:
    """The kind of a folder without photographs of animals; empty for any other folder."""
    if is_own_output(folder):
        return "folders that this package wrote"
    if folder.name.startswith(".") or folder.name.lower() in OTHERS_FOLDERS:
        return "folders of hidden, deleted or small pictures"
    return ""


def _leave_out(found: Listing, kind: str, name: str) -> None:
    found.left_out.setdefault(kind, []).append(name)
