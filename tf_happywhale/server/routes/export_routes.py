"""Routes of exports: made, listed, and downloaded."""

from __future__ import annotations

from threading import Lock
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from tf_happywhale.errors import InputError
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.jobs.jobs import add_job
from tf_happywhale.server.requests.answers import contradiction, missing
from tf_happywhale.server.trips.trips import find_trip

router = APIRouter(prefix="/v1/exports", tags=["exports"])


_naming = Lock()  # one process serves a home folder


class NewExport(BaseModel):
    """What is exported. `settings` such as `{"exchange.timezone": "Europe/Oslo"}`."""

    kind: str = Field(max_length=80)
    trip: str | None = Field(None, max_length=80)
    settings: dict[str, str] = Field({}, max_length=20)
    by: str = Field("", max_length=200)


@router.get("")
def list_exports(home: HomeOf) -> dict[str, Any]:
    """Return the exports that are there, and what can be exported."""
    from tf_happywhale.server.trips import exports

    return {"exports": exports.list_exports(home), "kinds": exports.kinds()}


@router.post("")
def export(home: HomeOf, new: NewExport) -> dict[str, Any]:
    """Begin an export, and return the name of its file and its job; decisions are written at once,
    so that `job` is null."""
    from tf_happywhale.server.trips import exports

    kind = exports.check_kind(new.kind)
    home.exports.mkdir(exist_ok=True)
    if kind == "decisions":
        return {"file": _decisions(home, new.trip), "job": None}
    with _naming:
        place = exports.new_place(home, kind)
        words = exports.words_of(home, kind, place, new.settings)
        job = add_job(home.store, "export", words, by=new.by)
    return {"file": place.name if place.suffix else f"{place.name}.zip", "job": job}


@router.get("/{file}", response_class=FileResponse)
def download(home: HomeOf, file: str) -> Response:
    """Download an export. One of several files is packed as ZIP."""
    from tf_happywhale.server.trips import exports

    path = exports.export_file(home, file)
    if path is None:
        raise missing(f"export {file[:80]}")
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")


def _decisions(home: HomeOf, trip: str | None) -> str:
    """Write what was decided on a trip, and return the name of the file."""
    from tf_happywhale.server.trips import exports
    from tf_happywhale.server.trips.decision_table import write_decisions

    if trip is None:
        raise InputError("Say of which trip the decisions are wanted.")
    name = find_trip(home, trip)["name"]
    place = exports.new_place(home, "decisions", f"{trip} {name}")
    if not write_decisions(home.store, trip, place):
        place.unlink()
        raise contradiction("Nothing is decided on this trip yet.")
    return place.name
