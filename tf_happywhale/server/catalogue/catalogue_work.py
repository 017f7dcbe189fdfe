"""What the routes of the catalogue do: read what was brought, make it, choose it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.tables.reading import PLAIN
from tf_happywhale.errors import HappywhaleError, InputError
from tf_happywhale.server.catalogue.box_source import catalogue_sources
from tf_happywhale.server.catalogue.brought_files import UPLOADED, forget, pictures_of, table_of
from tf_happywhale.server.catalogue.brought_table import (
    Answers,
    encoding_question,
    preview,
    read_brought,
)
from tf_happywhale.server.catalogue.catalogue_making import PICTURES, TABLE, make_catalogue
from tf_happywhale.server.catalogue.table_answers import SHOWN, read_with_answers
from tf_happywhale.server.home.home import CATALOGUE, NOTHING, SOURCE, Home
from tf_happywhale.server.requests.answers import contradiction

_making = threading.Lock()  # one process serves a home folder


def shown_table(home: Home, number: str, answers: Answers, pictures: str | None) -> dict[str, Any]:
    """Return what a page shows of a brought table: its columns and first rows, what is still to be
    asked, and with chosen columns whether a catalogue can be made of it.

    Args:
        home: the home folder.
        number: of the table.
        answers: what the person has said so far.
        pictures: see `pictures_of`; None: they are not there yet.

    Raises:
        InputError: the table is gone, or cannot be read at all.
    """
    path = table_of(home, number)
    told: dict[str, Any] = {"table": number, "name": path.name, "problem": None, "remarks": []}
    asked = encoding_question(path) if answers.encoding is None else None
    if asked is not None:
        nothing = {"columns": [], "rows": [], "count": 0, "guess": {}, "names": []}
        return told | nothing | {"questions": [asked.to_json()], "ready": False}
    try:
        told |= preview(read_brought(path, answers.encoding))
    except InputError as error:
        raise InputError(str(error).replace(str(path), path.name)) from None
    told |= {"questions": [], "ready": False}
    if answers.columns is None:
        return told
    try:
        folder = None if pictures is None else pictures_of(home, pictures)
        found = read_with_answers(path, answers, folder)
    except HappywhaleError as error:
        return told | {"problem": str(error)}
    return told | {
        "questions": [question.to_json() for question in found.questions],
        "remarks": found.remarks,
        "images": int(found.table["image"].nunique()),
        "individuals": int(found.table["individual_id"].nunique()),
        "left_out": found.left_out,
        "missing": {"count": len(found.missing), "names": found.missing[:SHOWN]},
        "ready": folder is not None and not found.questions,
    }


def shown_boxes(home: Home, number: str) -> dict[str, Any]:
    """Return what a page shows of a brought file of boxes.

    Raises:
        InputError: it is in no format that is read, or can be read in two ways.
    """
    path = table_of(home, number)
    try:
        rows = [row for row in read_box_rows(path) if row.box]
    except InputError as error:
        raise InputError(str(error).replace(str(path), path.name)) from None
    return {
        "boxes": number,
        "count": len(rows),
        "images": len({row.image for row in rows}),
        "sources": sorted({row.source for row in rows}),
    }


def make(
    home: Home, number: str, answers: Answers, pictures: str, boxes: str | None
) -> dict[str, Any]:
    """Make HOME/catalogue of a brought table and photographs, and return its summary.

    Args:
        home, number, answers, pictures: see `shown_table`.
        boxes: the id of a file of boxes; it may be the table itself.

    Raises:
        HTTPException: 409 if there is a catalogue.
        InputError: something is wrong, or still to be asked. The sentence says it.
    """
    with _making:
        check_none(home)
        path, folder = table_of(home, number), pictures_of(home, pictures)
        found = read_with_answers(path, answers, folder)
        if found.questions:
            raise InputError(f"This is still to be answered: {found.questions[0].sentence}")
        ours = pictures == UPLOADED
        rows = _box_rows(home, boxes, number, answers) if boxes else []
        may_read = Path if ours else home.allowed
        place = home.folder / "catalogue"
        try:
            make_catalogue(place, path, found.table, folder, rows, ours=ours, may_read=may_read)
        except InputError as error:
            raise InputError(str(error).replace(str(path), path.name)) from None
        home.store.put_setting(CATALOGUE, None)  # the folder is there: it counts
        forget(home)
    return summary(place)


def choose(home: Home, folder: str) -> dict[str, Any]:
    """Use a catalogue folder that is there, and return its summary.

    Raises:
        HTTPException: 409 if another catalogue is in use.
        InputError: it may not be read, or is no catalogue.
    """
    place = home.allowed(folder)
    if home.catalogue is not None and home.catalogue.resolve() != place:
        check_none(home)
    if not (place / TABLE).is_file():
        raise InputError(
            f"{folder} is no catalogue, since it has no {TABLE}: choose another folder, or make a "
            "catalogue of your table and photographs."
        )
    read_catalogue(place / TABLE, PLAIN, place / PICTURES, may_be_empty=True)
    own = place == (home.folder / "catalogue").resolve()
    home.store.put_setting(CATALOGUE, None if own else str(place))
    return summary(place)


def start_from_nothing(home: Home) -> None:
    """Let photographs be grouped by animal, without any known animal; HTTPException 409 if there
    is a catalogue."""
    check_none(home)
    home.store.put_setting(CATALOGUE, NOTHING)


def check_none(home: Home) -> None:
    """Raise HTTPException 409 if a catalogue is in use that is there."""
    if home.catalogue is not None and (home.catalogue / TABLE).is_file():
        raise contradiction(f"There is a catalogue already, in {home.catalogue}.")


def shown_catalogue(home: Home) -> dict[str, Any] | None:
    """Return the catalogue's summary, with what is in its boxes (`sources`), and which count if
    there are several (`source`); None: there is no catalogue."""
    if home.catalogue is None:
        return None
    more = {"sources": catalogue_sources(home), "source": home.store.setting(SOURCE)}
    return summary(home.catalogue) | more


def summary(folder: Path) -> dict[str, Any]:
    """Return `folder`, `images`, `individuals` and `problem` of a catalogue. It is read again when
    its table changes."""
    table = folder / TABLE
    try:
        status = table.stat()
    except OSError:
        gone = f"{table} is gone: bring it back, or choose another catalogue."
        return {"folder": str(folder), "images": 0, "individuals": 0, "problem": gone}
    state = (status.st_mtime_ns, status.st_size, status.st_ino)
    kept = _summaries.get(folder)
    if kept is None or kept[0] != state:
        kept = _summaries[folder] = state, _summary(folder)
    return dict(kept[1])


def _summary(folder: Path) -> Mapping[str, Any]:
    told: dict[str, Any] = {"folder": str(folder), "images": 0, "individuals": 0, "problem": None}
    try:
        rows = read_catalogue(
            folder / TABLE, PLAIN, folder / PICTURES, must_be_there=False, may_be_empty=True
        )
    except HappywhaleError as error:
        return told | {"problem": str(error)}
    individuals = int(rows["individual_id"].nunique())
    return told | {"images": len(rows), "individuals": individuals}


def _box_rows(home: Home, boxes: str, number: str, answers: Answers) -> list[BoxRow]:
    path = table_of(home, boxes)
    if boxes != number:
        return read_box_rows(path)
    header = read_brought(path, answers.encoding).header
    return read_box_rows(path, answers.reading(header))


_summaries: dict[Path, tuple[object, Mapping[str, Any]]] = {}
