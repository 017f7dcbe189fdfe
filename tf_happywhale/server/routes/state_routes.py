"""GET /health and GET /v1/state: that the server runs, and what there is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from tf_happywhale import __version__
from tf_happywhale.server.home.home import CATALOGUE, MODEL, NOTHING
from tf_happywhale.server.home.summaries import catalogue_summary, gallery_summary
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.jobs.jobs import shown_jobs
from tf_happywhale.server.routes.training_routes import shown_training
from tf_happywhale.server.trips.trips import shown_trips

router = APIRouter()


@router.get("/health")
def health() -> dict[str, str]:
    """Say that the server runs. No token is needed."""
    return {"status": "ok"}


@router.get("/v1/state")
def state(home: HomeOf) -> dict[str, Any]:
    """Return what there is: the catalogue, the gallery, the trips and the jobs."""
    return {
        "version": __version__,
        "home": str(home.folder),
        "catalogue": catalogue_summary(home),
        "catalogue_none": home.store.setting(CATALOGUE) == NOTHING,
        "gallery": gallery_summary(home),
        "trips": shown_trips(home),
        "jobs": shown_jobs(home),
        "model": home.store.setting(MODEL),
        "training": shown_training(home),
    }
