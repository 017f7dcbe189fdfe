"""The pages: static files."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from tf_happywhale.server.answers import missing

router = APIRouter(include_in_schema=False)
STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
}  # fmt: skip


@router.get("/")
def index() -> Response:
    """The one page, which shows all screens."""
    return static("index.html")


@router.get("/static/{path:path}")
def static(path: str) -> Response:
    """A file of the pages."""
    file = (STATIC / path).resolve()
    if not (file.is_relative_to(STATIC) and file.is_file() and file.suffix in KINDS):
        raise missing(f"file {path[:80]}")
    return FileResponse(file, media_type=KINDS[file.suffix], headers={"Cache-Control": "no-cache"})
