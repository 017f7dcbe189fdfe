"""The application: all routes, and what every request goes through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from tf_happywhale import __version__
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.jobs.runner import Runner
from tf_happywhale.server.matcher.matcher_answers import add_matcher
from tf_happywhale.server.requests.access import Access
from tf_happywhale.server.requests.answers import RESPONSES, add_error_answers
from tf_happywhale.server.requests.arriving import Arriving
from tf_happywhale.server.requests.security_headers import SecurityHeaders
from tf_happywhale.server.routes import (
    box_routes,
    catalogue_routes,
    decision_routes,
    embed_routes,
    export_routes,
    gallery_routes,
    identify_routes,
    job_routes,
    match_routes,
    page_routes,
    state_routes,
    training_routes,
    trip_routes,
)

ROUTES = (
    state_routes, job_routes, trip_routes, decision_routes, identify_routes, match_routes,
    embed_routes, catalogue_routes, gallery_routes, box_routes, training_routes, export_routes,
    page_routes,
)  # fmt: skip
# For the description alone: `Access` has looked at it before, and takes a browser's cookie too.
TOKEN = HTTPBearer(auto_error=False, scheme_name="token")


def make_application(home: Home) -> FastAPI:
    """Return the application of a home folder, which `open_home` has opened."""
    app = FastAPI(
        title="tf_happywhale",
        version=__version__,
        summary="Photo-identification of individual animals",
        docs_url=None,  # these pages load scripts from other addresses
        redoc_url=None,
        lifespan=_running,
        responses=RESPONSES,
    )
    app.state.home, app.state.runner = home, Runner(home)
    add_matcher(app, home)
    add_error_answers(app, [route for one in ROUTES for route in one.router.routes])
    for routes in ROUTES:
        app.include_router(routes.router, dependencies=[Depends(TOKEN)])
    app.add_middleware(Arriving, megabytes=home.settings.upload_megabytes)
    app.add_middleware(Access, home=home)
    app.add_middleware(SecurityHeaders)  # the last one added is the first one asked
    return app


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    app.state.runner.start()
    yield
    app.state.matcher.stop()
    await run_in_threadpool(app.state.runner.close)
    app.state.home.store.close()
