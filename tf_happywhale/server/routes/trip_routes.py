"""Routes of trips: made, their photographs, identified, added to the catalogue."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tf_happywhale.errors import InputError
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.jobs.jobs import refuse_second
from tf_happywhale.server.requests.answers import missing
from tf_happywhale.server.routes.box_routes import boxes_of_trip
from tf_happywhale.server.trips.identify_job import add_trip, identify_trip
from tf_happywhale.server.trips.photographs import (
    files_of_folder,
    shown_photographs,
    take_photographs,
)
from tf_happywhale.server.trips.predictions import read_predictions
from tf_happywhale.server.trips.sent_photographs import FORM, sent_photographs
from tf_happywhale.server.trips.small_pictures import LARGEST, small_jpeg
from tf_happywhale.server.trips.trips import (
    FOUND,
    IDENTIFY,
    PHOTOGRAPHS,
    find_trip,
    make_trip,
    remove_trip,
    shown_trip,
    shown_trips,
)

router = APIRouter(prefix="/v1/trips", tags=["trips"])


class NewTrip(BaseModel):
    """A trip to make."""

    name: str = Field(max_length=200)


class By(BaseModel):
    """Who asks."""

    by: str = Field("", max_length=100)


class Asked(By):
    """How a trip is identified: settings such as `{"identify.animals": "best"}`."""

    settings: dict[str, str] = Field({}, max_length=20)


@router.get("")
def trips(home: HomeOf) -> dict[str, list[dict[str, Any]]]:
    """Return all trips, the last one first."""
    return {"trips": shown_trips(home)}


@router.post("")
def make(home: HomeOf, new: NewTrip) -> dict[str, Any]:
    """Make a trip."""
    return shown_trip(home, find_trip(home, make_trip(home, new.name)))


@router.get("/{trip}")
def trip(home: HomeOf, trip: str) -> dict[str, Any]:
    """Return a trip with its photographs, their boxes, and what was left out and why."""
    shown = shown_trip(home, find_trip(home, trip))
    left_out = home.store.rows(
        "select name, reason from left_out where trip = ? order by at, name", trip
    )
    return shown | {
        "photographs": shown_photographs(home, trip, boxes_of_trip(home, trip)),
        "left_out": [dict(row) for row in left_out],
    }


@router.delete("/{trip}", status_code=204)
def remove(home: HomeOf, trip: str) -> Response:
    """Remove a trip of which nothing was decided."""
    remove_trip(home, trip)
    return Response(status_code=204)


@router.post("/{trip}/photographs", openapi_extra=FORM)
async def add_photographs(request: Request, home: HomeOf, trip: str) -> dict[str, Any]:
    """Add photographs: sent as parts `images`, or those of a folder of this machine, `{"folder":
    PATH}`. Those that are left out have a reason."""
    await run_in_threadpool(_check_free, home, trip)
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        async with sent_photographs(request, home) as offered:
            return await run_in_threadpool(take_photographs, home, trip, offered)
    folder = home.allowed(await _folder_of(request))
    return await run_in_threadpool(_take_folder, home, trip, folder)


@router.get("/{trip}/pictures/{name}", response_class=Response)
def picture(
    home: HomeOf, trip: str, name: str, size: Annotated[int, Query(ge=16, le=LARGEST)] = 320
) -> Response:
    """Return a photograph as a JPEG, upright, with a longer side of at most `size` pixels."""
    find_trip(home, trip)
    file = home.trip(trip) / PHOTOGRAPHS / Path(name).name
    if name.startswith(".") or not file.is_file():
        raise missing(f"photograph {name[:80]} in trip {trip}")
    return Response(small_jpeg(file, size), media_type="image/jpeg")


@router.post("/{trip}/identify")
def identify(home: HomeOf, trip: str, asked: Asked | None = None) -> dict[str, int]:
    """Identify the animals in a trip's photographs. The answer names the job."""
    find_trip(home, trip)
    asked = asked or Asked()
    return {"job": identify_trip(home, trip, asked.settings, asked.by)}


@router.get("/{trip}/predictions")
def predictions(home: HomeOf, trip: str) -> dict[str, Any]:
    """Return the candidates of each animal, the best one first; none before it is identified."""
    find_trip(home, trip)
    return {"predictions": read_predictions(home.trip(trip) / FOUND / "predictions.csv")}


@router.post("/{trip}/add")
def add(home: HomeOf, trip: str, asked: By | None = None) -> dict[str, int]:
    """Add what was decided to the catalogue and the gallery. The answer names the job."""
    find_trip(home, trip)
    return {"job": add_trip(home, trip, (asked or By()).by)}


def _check_free(home: Home, trip: str) -> None:
    find_trip(home, trip)
    refuse_second(home.store, [IDENTIFY], trip)


def _take_folder(home: Home, trip: str, folder: Path) -> dict[str, Any]:
    with closing(files_of_folder(home, trip, folder)) as offered:
        return take_photographs(home, trip, offered)


async def _folder_of(request: Request) -> str:
    try:
        folder = (await request.json())["folder"]
    except (ValueError, KeyError, TypeError):
        folder = None
    if not isinstance(folder, str) or not folder or "\0" in folder:
        raise InputError('Send photographs as parts named images, or {"folder": PATH}.')
    return folder
