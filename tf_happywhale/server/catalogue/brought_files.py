"""What a person has brought for a new catalogue: tables and photographs, until it is made.

They lie in HOME/new_catalogue and survive a restart, since bringing them took time.
"""

from __future__ import annotations

import filecmp
import os
import re
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.disk.swap import remove
from tf_happywhale.errors import InputError
from tf_happywhale.server.catalogue.picture_names import safe_path
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.requests.checked_pictures import checked_picture
from tf_happywhale.server.requests.multipart import Upload
from tf_happywhale.server.requests.safe_names import safe_name

UPLOADED = "uploaded"  # instead of a folder's path: the photographs that were sent
UNPACKED = 50_000_000  # bytes of an Excel file; a million cells, which take a gigabyte when read
ID = re.compile(r"[0-9a-f]{12}")


def brought(home: Home) -> Path:
    """Return the folder of what was brought."""
    return home.folder / "new_catalogue"


def pictures_of(home: Home, word: str) -> Path:
    """Return the folder of a new catalogue's photographs.

    Args:
        home: the home folder.
        word: `uploaded`, or a folder's path.

    Raises:
        InputError: it may not be read, or there is no such folder.
    """
    if word == UPLOADED:
        folder = brought(home) / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    folder = home.allowed(word)
    if not folder.is_dir():
        raise InputError(f"There is no folder {word}: choose another.")
    return folder


def keep_table(home: Home, upload: Upload) -> str:
    """Keep a table or file of boxes that was sent, and return its id; InputError: it is an Excel
    file that is too large when it is unpacked."""
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(upload.file) as packed:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED:
            raise InputError(
                f"{upload.name} has more than a million cells: save the sheet as `CSV UTF-8`."
            )
    number = uuid4().hex[:12]
    folder = brought(home) / "tables" / number
    folder.mkdir(parents=True)
    os.replace(upload.file, folder / safe_name(upload.name or "table.csv"))
    return number


def table_of(home: Home, number: str) -> Path:
    """Return the file of a table that was brought; InputError: it is not there."""
    folder = brought(home) / "tables" / number
    files = list(folder.iterdir()) if ID.fullmatch(number) and folder.is_dir() else []
    if not files:
        raise InputError("This table is not here any more: bring it again.")
    return files[0]


def keep_pictures(home: Home, uploads: Sequence[Upload]) -> tuple[int, list[dict[str, str]]]:
    """Keep photographs that were sent, and return how many, and `name` and `reason` of the others.

    Of two with one name the second is left out, unless their bytes are the same.
    """
    folder, kept, left_out = pictures_of(home, UPLOADED), 0, []
    most = home.settings.pictures
    count = sum(len(names) for _, _, names in os.walk(folder))
    for upload in uploads:
        try:
            if upload.problem:
                raise InputError(upload.problem)
            if count >= most:
                raise InputError(f"there are {most} photographs already (server.pictures)")
            count += _keep(upload, folder)
            kept += 1
        except InputError as error:
            left_out.append({"name": upload.name, "reason": str(error)})
    return kept, left_out


def count_pictures(home: Home, word: str) -> int:
    """Return how many photographs lie in the folder that `pictures_of` gives."""
    return len(list_images(pictures_of(home, word)))


def forget(home: Home) -> None:
    """Remove what was brought: it is in the catalogue, or it is not wanted."""
    with suppress(OSError):
        remove(brought(home))


def _keep(upload: Upload, folder: Path) -> bool:
    """Put one photograph in its place; whether it is new there."""
    picture = checked_picture(upload.file, upload.name)
    *inside, last = safe_path(upload.name).split("/")
    place = folder.joinpath(*inside, safe_name(last, picture.ending))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise InputError("a photograph has the name of its folder: rename one of them") from None
    if place.exists():
        if place.is_file() and filecmp.cmp(upload.file, place, shallow=False):
            return False
        raise InputError("another photograph has this name: rename one of them")
    os.replace(upload.file, place)
    return True
