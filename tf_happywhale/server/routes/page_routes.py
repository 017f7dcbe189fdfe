"""The pages: the files of the screens, and the pages on which a trip is reviewed."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.requests.answers import missing
from tf_happywhale.server.trips.review_pages import KINDS as REVIEW_KINDS
from tf_happywhale.server.trips.review_pages import file_inside, policy_of, served_html

router = APIRouter(include_in_schema=False)
STATIC = Path(__file__).parents[1] / "static"
KINDS = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
}  # fmt: skip


@router.get("/")
def index() -> Response:
    """The one page, which shows all screens."""
    return static("index.html")


@router.get("/favicon.ico")
def icon() -> Response:
    """The icon, which browsers ask for beside pages that name none."""
    return static("icon.svg")


@router.get("/static/{path:path}")
def static(path: str) -> Response:
    """A file of the pages."""
    file = (STATIC / path).resolve()
    if not (file.is_relative_to(STATIC) and file.is_file() and file.suffix in KINDS):
        raise missing(f"file {path[:80]}")
    return FileResponse(file, media_type=KINDS[file.suffix], headers={"Cache-Control": "no-cache"})


@router.get("/review/{trip}")
@router.get("/review/{trip}/")
def review(home: HomeOf, trip: str) -> Response:
    """The first page of a trip."""
    _check_trip(home, trip)
    return RedirectResponse(f"/review/{trip}/index.html", 307)


@router.get("/review/{trip}/{path:path}")
def review_file(home: HomeOf, trip: str, path: str) -> Response:
    """A file of the pages that `identify` wrote."""
    _check_trip(home, trip)
    file = file_inside(home.trip(trip) / "found" / "report", path)
    if file is None:
        raise missing(f"page {path[:80]} of trip {trip}: identify its photographs first")
    if file.suffix != ".html":
        return FileResponse(file, media_type=REVIEW_KINDS[file.suffix])
    html = file.read_text(encoding="utf-8")
    headers = {"Content-Security-Policy": policy_of(html)}
    return HTMLResponse(served_html(html, trip), headers=headers)


def _check_trip(home: HomeOf, trip: str) -> None:
    if home.store.row("select id from trips where id = ?", trip) is None:
        raise missing(f"trip {trip[:80]}")
