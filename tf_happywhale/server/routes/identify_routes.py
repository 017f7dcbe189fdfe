"""POST /v1/identify: a trip and its job in one request, for programs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.trips.identify_job import identify_trip
from tf_happywhale.server.trips.photographs import Offered, take_photographs
from tf_happywhale.server.trips.sent_photographs import ONLY_IMAGES, sent_photographs
from tf_happywhale.server.trips.trips import make_trip, remove_trip

router = APIRouter(prefix="/v1", tags=["trips"])


@router.post("/identify", openapi_extra=ONLY_IMAGES)
async def identify(request: Request, home: HomeOf) -> dict[str, Any]:
    """Make a trip of the photographs that are sent, and identify them. The answer names the trip
    and the job, and what was left out; `/v1/trips/TRIP/predictions` has the result."""
    async with sent_photographs(request, home) as offered:
        return await run_in_threadpool(_begin, home, offered)


def _begin(home: Home, offered: list[Offered]) -> dict[str, Any]:
    trip = make_trip(home, f"Sent: {len(offered)} photographs")
    taken = take_photographs(home, trip, offered)
    if not taken["kept"]:
        remove_trip(home, trip)
        reasons = [one["reason"] for one in taken["left_out"]]
        raise HTTPException(422, reasons[0] if reasons else "Send at least one photograph.")
    return {"trip": trip, "job": identify_trip(home, trip, {}), **taken}
