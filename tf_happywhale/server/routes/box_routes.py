"""Routes of boxes: where in a trip's photographs the animals are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tf_happywhale.errors import InputError
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.requests.answers import contradiction, missing
from tf_happywhale.server.requests.multipart import received
from tf_happywhale.server.requests.safe_names import safe_name
from tf_happywhale.server.trips.trips import PHOTOGRAPHS, find_trip

router = APIRouter(prefix="/v1/trips/{trip}", tags=["boxes"])
MOST = 200  # boxes in a photograph


class Corners(BaseModel):
    """A box, in pixels of the upright picture; xmax and ymax are the first ones outside."""

    xmin: float = Field(allow_inf_nan=False)
    ymin: float = Field(allow_inf_nan=False)
    xmax: float = Field(allow_inf_nan=False)
    ymax: float = Field(allow_inf_nan=False)


class NewBoxes(BaseModel):
    """The boxes of one photograph. An empty list says that there is none; null takes back what was
    said of this photograph. `version` is that of the boxes which the person saw."""

    boxes: list[Corners] | None = Field(max_length=MOST)
    version: str | None = None


@router.get("/boxes/{name:path}")
def boxes(home: HomeOf, trip: str, name: str) -> dict[str, Any]:
    """Return the boxes of a photograph, and what is in them (`source`). If that is `whole`, the
    model looks at whole photographs."""
    from tf_happywhale.server.catalogue.box_source import source_in_use, sources_read
    from tf_happywhale.server.trips.trip_boxes import boxes_of

    folder = _folder(home, trip, name)
    shown = boxes_of(folder, name, sources_read(home))
    return {**shown, "source": source_in_use(home)}


@router.put("/boxes/{name:path}")
def replace_boxes(home: HomeOf, trip: str, name: str, new: NewBoxes) -> dict[str, Any]:
    """Replace the boxes of a photograph. 409 if somebody else has changed them meanwhile."""
    from tf_happywhale.catalogue.boxes.box import WHOLE
    from tf_happywhale.server.catalogue.box_source import source_in_use, sources_read
    from tf_happywhale.server.trips.trip_boxes import Changed, put_boxes

    folder, source = _folder(home, trip, name), source_in_use(home)
    if source == WHOLE:
        raise contradiction("The model looks at whole photographs: boxes would not be used.")
    corners = None
    if new.boxes is not None:
        corners = [(box.xmin, box.ymin, box.xmax, box.ymax) for box in new.boxes]
    try:
        put_boxes(folder, name, corners, source, sources_read(home), new.version)
    except Changed:
        raise contradiction(
            f"Somebody else has changed the boxes of {name} meanwhile: look at theirs first."
        ) from None
    return boxes(home, trip, name)


@router.post("/boxes")
async def bring(request: Request, home: HomeOf, trip: str) -> dict[str, Any]:
    """Add a file of boxes in any format that is read (a part named `boxes`). What a person drew
    stays. `photographs`: how many of the trip it names."""
    folder = _trip(home, trip)
    async with received(request, home, "boxes", most=1) as form:
        return await run_in_threadpool(_bring, home, folder, form)


def boxes_of_trip(home: Home, trip: str) -> dict[str, list[dict[str, Any]]]:
    """Return the boxes of a trip's photographs, by name."""
    from tf_happywhale.server.catalogue.box_source import sources_read
    from tf_happywhale.server.trips.trip_boxes import all_boxes

    return all_boxes(home.trip(trip), sources_read(home))


def _bring(home: Home, folder: Path, form: Any) -> dict[str, Any]:
    from tf_happywhale.server.catalogue.box_source import source_in_use
    from tf_happywhale.server.trips.trip_boxes import bring_boxes

    if len(form.uploads) != 1 or form.uploads[0].problem:
        raise InputError("Send one file of boxes.")
    upload = form.uploads[0]
    named = upload.file.with_name(f"{upload.file.name}-{safe_name(upload.name or 'boxes.csv')}")
    upload.file.rename(named)
    try:
        return {"photographs": bring_boxes(folder, named, source_in_use(home))}
    except InputError as error:
        raise InputError(str(error).replace(str(named), upload.name[:80])) from None
    finally:
        named.unlink(missing_ok=True)


def _trip(home: Home, trip: str) -> Path:
    find_trip(home, trip)
    return home.trip(trip)


def _folder(home: Home, trip: str, name: str) -> Path:
    folder = _trip(home, trip)
    is_plain = "/" not in name and "\\" not in name and not name.startswith(".")
    if not is_plain or not (folder / PHOTOGRAPHS / name).is_file():
        raise missing(f"photograph {name[:80]} in trip {trip}")
    return folder
