"""Routes of the gallery: built, looked through, corrected, and checked by a curator's lists."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, HTMLResponse, Response

from tf_happywhale.disk.files import restore_folder
from tf_happywhale.errors import InputError
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.jobs.gallery_jobs import curate_words, renew_words
from tf_happywhale.server.jobs.jobs import add_job, refuse_second
from tf_happywhale.server.requests.answers import contradiction, missing
from tf_happywhale.server.trips.review_pages import KINDS, file_inside, served_curation

router = APIRouter(tags=["gallery"])
TABLES = ("duplicates.csv", "errors.csv")  # of the curator


class NewGallery(BaseModel):
    """The model that embeds a new gallery; null: the chosen one."""

    model: str | None = Field(None, max_length=4000)
    by: str = Field("", max_length=200)


class Correction(BaseModel):
    """A correction, with the words that `happywhale gallery VERB GALLERY` takes."""

    verb: Literal["rename", "merge", "remove", "move", "drop"]
    words: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(
        min_length=1, max_length=2
    )


class Asked(BaseModel):
    """Who asks."""

    by: str = Field("", max_length=200)


@router.post("/v1/gallery")
def build(home: HomeOf, new: NewGallery) -> dict[str, int]:
    """Build the gallery of the catalogue. One that is there stays until the new one is whole, and
    its corrections are made in the new one too."""
    from tf_happywhale.server.jobs.models_at_hand import check_model

    model = None if new.model is None else check_model(home, new.model)
    words = renew_words(home, model)
    refuse_second(home.store, ["gallery"])
    return {"job": add_job(home.store, "gallery", words, by=new.by)}


@router.get("/v1/gallery/individuals")
def list_individuals(
    home: HomeOf,
    search: Annotated[str, Query(max_length=200)] = "",
    first: Annotated[int, Query(alias="from", ge=0)] = 0,
    count: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """Return the individuals whose id or species holds a text."""
    from tf_happywhale.server.routes.gallery_listing import individuals

    return individuals(_listing(home), search, first, count)


@router.get("/v1/gallery/individuals/{who:path}")
def one_individual(home: HomeOf, who: str) -> dict[str, Any]:
    """Return one individual with its images."""
    from tf_happywhale.server.routes.gallery_listing import individual

    found = individual(_listing(home), who)
    if found is None:
        raise missing(f"individual {who[:80]}")
    return found


@router.get("/v1/gallery/pictures", response_class=Response)
def show_picture(
    home: HomeOf,
    image: Annotated[str, Query(max_length=1000)],
    size: Annotated[int, Query(ge=16, le=4096)] = 320,
) -> Response:
    """Return an image of the gallery as JPEG: what is in its box and a little around it."""
    from tf_happywhale.server.routes.gallery_listing import picture

    row = _listing(home).by_image.get(image)
    if row is None:
        raise missing(f"image {image[:80]} in the gallery")
    return Response(picture(row, size), media_type="image/jpeg")


@router.post("/v1/gallery/corrections")
def correct(home: HomeOf, correction: Correction) -> dict[str, int]:
    """Rename, merge or remove an individual, or move or drop an image. The catalogue stays as it
    is; a gallery that is built again is corrected too."""
    from tf_happywhale.galleries.corrections import VERBS
    from tf_happywhale.galleries.gallery_folder import open_gallery

    _check_gallery(home)
    needed = 1 if correction.verb in ("remove", "drop") else 2
    if len(correction.words) != needed:
        raise InputError(f"{correction.verb} takes {needed} words, not {len(correction.words)}.")
    gallery = VERBS[correction.verb](open_gallery(home.gallery), *correction.words)
    return {"images": len(gallery), "individuals": len(set(gallery.individual_id.tolist()))}


@router.post("/v1/gallery/curate")
def curate(home: HomeOf, asked: Asked) -> dict[str, int]:
    """Write a map, and lists of what may be wrong; the page is at /curation/."""
    _check_gallery(home)
    refuse_second(home.store, ["curate"])
    return {"job": add_job(home.store, "curate", curate_words(home), by=asked.by)}


@router.get("/curation/{path:path}", include_in_schema=False)
def curation(home: HomeOf, path: str) -> Response:
    """A file of the curator's page."""
    folder, path = home.folder / "curation", path or "index.html"
    table = path in TABLES and (folder / path).is_file()
    file = folder / path if table else file_inside(folder, path)
    if file is None:
        raise missing(f"page {path[:80]}: make the lists first")
    if file.suffix == ".html":
        return HTMLResponse(served_curation(file.read_text(encoding="utf-8")))
    return FileResponse(file, media_type=KINDS.get(file.suffix, "text/csv"))


def _listing(home: Home) -> Any:
    from tf_happywhale.server.routes.gallery_listing import listings

    _check_gallery(home)
    return listings.of(home.gallery)


def _check_gallery(home: Home) -> None:
    restore_folder(home.gallery)  # a kill between two renames has left it aside
    if not home.has_gallery:
        raise contradiction("There is no gallery yet: build it first.")
