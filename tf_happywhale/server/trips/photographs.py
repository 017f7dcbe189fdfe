"""A trip's photographs: taken in from uploads and folders, each whole or not at all."""

from __future__ import annotations

import filecmp
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.disk.temporary import to_disk
from tf_happywhale.errors import HappywhaleError, InputError
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.store import now
from tf_happywhale.server.requests.arriving import MEGABYTE
from tf_happywhale.server.requests.multipart import too_large
from tf_happywhale.server.requests.safe_names import safe_name
from tf_happywhale.server.trips.trips import PHOTOGRAPHS, names_of

if TYPE_CHECKING:
    from tf_happywhale.server.requests.checked_pictures import Picture

_taking = threading.Lock()  # one request at a time gives files their names


@dataclass(frozen=True)
class Offered:
    """A file that is offered as a photograph.

    Attributes:
        name: as the sender, or the folder, has it.
        file: where it lies, in HOME/uploads; the photograph is this file.
        problem: why it was not received.
    """

    name: str
    file: Path
    problem: str = ""


def take_photographs(home: Home, trip: str, offered: Iterable[Offered]) -> dict[str, Any]:
    """Take files in as photographs of a trip: `kept` names, and `left_out` with reasons.

    A file of a name that is there is kept if it is the same, and else left out.
    """
    from tf_happywhale.server.requests.checked_pictures import (
        checked_picture,  # which imports NumPy
    )

    kept: list[str] = []
    left_out: dict[str, str] = {}
    there = len(names_of(home, trip))
    for one in offered:
        name = safe_name(one.name)
        try:
            if one.problem:
                raise InputError(f"{name} is {one.problem}.")
            picture = checked_picture(one.file, name)
            name = safe_name(one.name, picture.ending)
            there += _place(home, trip, one.file, name, there)
            _remember(home, trip, name, picture)
            kept.append(name)
        except HappywhaleError as error:
            left_out[name] = str(error)
    with home.store.changing() as db:
        for name, reason in left_out.items():
            row = (trip, name, reason, now())
            db.execute("insert or replace into left_out values (?, ?, ?, ?)", row)
    rows = [{"name": name, "reason": reason} for name, reason in left_out.items()]
    return {"kept": kept, "left_out": rows}


def files_of_folder(home: Home, trip: str, folder: Path) -> Iterator[Offered]:
    """Yield the photographs below a folder, each copied to HOME/uploads until the next one.

    Raises:
        InputError: it holds more than a trip may have.
    """
    from tf_happywhale.catalogue.photographs.photo_files import list_photographs

    listing = list_photographs(folder)
    if len(listing.images) > home.settings.pictures:
        raise InputError(
            f"{folder} holds {len(listing.images):,} photographs, but a trip has at most "
            f"{home.settings.pictures:,}: choose a folder in it, or raise server.pictures."
        )
    for name in listing.images:
        file = home.uploads / uuid4().hex
        try:
            yield Offered(name, file, _copy(home, folder / name, file))
        finally:
            file.unlink(missing_ok=True)
    for name, reason in listing.not_read.items():
        yield Offered(name, home.uploads, f"left out: {reason.rstrip('.')}")


def _copy(home: Home, path: Path, file: Path) -> str:
    """Copy a file of a folder; return why that was not done, or an empty text."""
    try:
        real = path.resolve()  # it may be a link
        if not home.allows(real):
            return "a link that leads out of the folders that may be read"
        if real.stat().st_size > home.settings.picture_megabytes * MEGABYTE:
            return too_large(home.settings.picture_megabytes)
        shutil.copyfile(real, file)
    except OSError as error:
        return f"left out: {in_words(error, path).rstrip('.')}"
    return ""


def shown_photographs(home: Home, trip: str, boxes: dict[str, list]) -> list[dict[str, Any]]:
    """Return the photographs of a trip with their sizes and boxes."""
    from tf_happywhale.server.requests.checked_pictures import checked_picture

    rows = home.store.rows("select * from photographs where trip = ?", trip)
    known = {row["name"]: (row["width"], row["height"]) for row in rows}
    photographs = []
    for name in names_of(home, trip):
        if name not in known:  # its file got its place, and then the server was killed
            with suppress(HappywhaleError, OSError):
                picture = checked_picture(home.trip(trip) / PHOTOGRAPHS / name, name)
                _remember(home, trip, name, picture)
                known[name] = picture.width, picture.height
        width, height = known.get(name, (0, 0))
        row = {"name": name, "width": width, "height": height, "boxes": boxes.get(name, [])}
        photographs.append(row)
    return photographs


def _place(home: Home, trip: str, file: Path, name: str, there: int) -> int:
    """Give a file its name among a trip's photographs; how many there are more then.

    Raises:
        InputError: another one has the name, or there are too many.
    """
    place = home.trip(trip) / PHOTOGRAPHS / name
    with _taking:
        if place.exists():
            if filecmp.cmp(file, place, shallow=False):
                return 0
            raise InputError(f"{name} is there already, and is another photograph: rename one.")
        if there >= home.settings.pictures:
            most = home.settings.pictures
            raise InputError(f"A trip has at most {most} photographs (server.pictures).")
        to_disk(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)
    return 1


def _remember(home: Home, trip: str, name: str, picture: Picture) -> None:
    status = (home.trip(trip) / PHOTOGRAPHS / name).stat()
    row = (trip, name, status.st_size, status.st_mtime_ns, picture.width, picture.height)
    with home.store.changing() as db:
        db.execute("insert or replace into photographs values (?, ?, ?, ?, ?, ?)", row)
        db.execute("delete from left_out where trip = ? and name = ?", (trip, name))
