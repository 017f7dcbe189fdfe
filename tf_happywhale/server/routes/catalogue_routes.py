"""Routes of the catalogue: folders to choose from, a table and photographs that are brought, and
the catalogue that is made of them.

What does the work is imported when it is asked for, since the server must start quickly."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tf_happywhale.errors import InputError
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.requests.multipart import received

router = APIRouter(tags=["catalogue"])
Encoding = Literal["cp1252", "cp1250", "mac_roman", "latin-1", "utf-16-le", "utf-16-be"]


class FolderChoice(BaseModel):
    """A folder that is on this machine."""

    folder: str = Field(min_length=1, max_length=4000)


class SourceChoice(BaseModel):
    """What is in the boxes that count, such as `backfin`."""

    source: str = Field(min_length=1, max_length=200)


class TableAnswers(BaseModel):
    """What a person says of a table; see docs/files.md on how tables are read."""

    columns: dict[str, str] | None = None
    encoding: Encoding | None = None
    date_order: Literal["day_first", "month_first"] | None = None
    unknown: list[str] | None = Field(None, max_length=1000)
    missing: Literal["leave_out"] | None = None
    pictures: str | None = Field(None, max_length=4000)

    def answers(self) -> Any:
        """Return them as `Answers`, without the folder of the photographs."""
        from tf_happywhale.server.catalogue.brought_table import Answers

        return Answers(self.columns, self.encoding, self.date_order, self.unknown, self.missing)


class NewCatalogue(TableAnswers):
    """The catalogue that is to be made."""

    table: str
    pictures: str = Field(min_length=1, max_length=4000)
    boxes: str | None = None


@router.get("/v1/folders")
def folders(home: HomeOf, path: Annotated[str, Query(max_length=4000)] = "") -> dict[str, Any]:
    """Return the folders in a folder, or those that may be read."""
    from tf_happywhale.server.home.folders import folders_in

    return folders_in(home, path)


@router.post("/v1/catalogue/table")
async def bring_table(request: Request, home: HomeOf) -> dict[str, Any]:
    """Keep a table (a part named `table`), and return its columns, its first rows, and what it
    surely calls our columns."""
    async with received(request, home, "table", most=1) as form:
        return await run_in_threadpool(_keep_table, home, form)


@router.post("/v1/catalogue/table/{table}")
def look_at_table(home: HomeOf, table: str, told: TableAnswers) -> dict[str, Any]:
    """Return a table as it is read with what a person says of it, and what is still to be asked."""
    from tf_happywhale.server.catalogue import catalogue_work

    return catalogue_work.shown_table(home, table, told.answers(), told.pictures)


@router.post("/v1/catalogue/boxes")
async def bring_boxes(request: Request, home: HomeOf) -> dict[str, Any]:
    """Keep a file of boxes in any format (a part named `boxes`), and return its id."""
    async with received(request, home, "boxes", most=1) as form:
        return await run_in_threadpool(_keep_boxes, home, form)


@router.post("/v1/catalogue/pictures")
async def bring_pictures(request: Request, home: HomeOf) -> dict[str, Any]:
    """Keep photographs for a new catalogue (parts named `images`), or name a folder of them as
    JSON, `{"folder": …}`."""
    from tf_happywhale.server.catalogue import brought_files

    if request.headers.get("content-type", "").startswith("application/json"):
        chosen = FolderChoice.model_validate_json(await request.body())
        count = await run_in_threadpool(brought_files.count_pictures, home, chosen.folder)
        return {"pictures": chosen.folder, "kept": count, "left_out": [], "count": count}
    async with received(request, home) as form:
        kept, left_out = await run_in_threadpool(brought_files.keep_pictures, home, form.uploads)
        count = await run_in_threadpool(brought_files.count_pictures, home, brought_files.UPLOADED)
    told = {"pictures": brought_files.UPLOADED, "kept": kept, "left_out": left_out}
    return told | {"count": count}


@router.delete("/v1/catalogue/brought")
def forget_brought(home: HomeOf) -> dict[str, bool]:
    """Remove tables and photographs that were brought, and of which no catalogue was made."""
    from tf_happywhale.server.catalogue import brought_files

    brought_files.forget(home)
    return {"removed": True}


@router.post("/v1/catalogue")
def make_catalogue(home: HomeOf, new: NewCatalogue) -> dict[str, Any]:
    """Make the catalogue, whole or not at all."""
    from tf_happywhale.server.catalogue import catalogue_work

    return catalogue_work.make(home, new.table, new.answers(), new.pictures, new.boxes)


@router.get("/v1/catalogue")
def catalogue(home: HomeOf) -> dict[str, Any]:
    """Return the catalogue's folder, images, individuals, and what is wrong with it."""
    from tf_happywhale.server.catalogue import catalogue_work

    return {"catalogue": catalogue_work.shown_catalogue(home)}


@router.post("/v1/catalogue/source")
def choose_source(home: HomeOf, choice: SourceChoice) -> dict[str, Any]:
    """Say which of the catalogue's boxes count, if it has several kinds; `whole`: none."""
    from tf_happywhale.server.catalogue import box_source, catalogue_work

    box_source.choose_source(home, choice.source)
    return {"catalogue": catalogue_work.shown_catalogue(home)}


@router.post("/v1/catalogue/choose")
def choose_catalogue(home: HomeOf, choice: FolderChoice) -> dict[str, Any]:
    """Use a catalogue folder that is there."""
    from tf_happywhale.server.catalogue import catalogue_work

    return catalogue_work.choose(home, choice.folder)


@router.post("/v1/catalogue/none")
def no_catalogue(home: HomeOf) -> dict[str, Any]:
    """Start from nothing: nobody is known yet."""
    from tf_happywhale.server.catalogue import catalogue_work

    catalogue_work.start_from_nothing(home)
    return {"catalogue": None}


def _keep_table(home: HomeOf, form: Any) -> dict[str, Any]:
    from tf_happywhale.server.catalogue import brought_files, catalogue_work
    from tf_happywhale.server.catalogue.brought_table import Answers

    number = brought_files.keep_table(home, _one(form))
    return catalogue_work.shown_table(home, number, Answers(), None)


def _keep_boxes(home: HomeOf, form: Any) -> dict[str, Any]:
    from tf_happywhale.server.catalogue import brought_files, catalogue_work

    return catalogue_work.shown_boxes(home, brought_files.keep_table(home, _one(form)))


def _one(form: Any) -> Any:
    if len(form.uploads) != 1:
        raise InputError("Send one file.")
    if form.uploads[0].problem:
        raise InputError(f"The file is {form.uploads[0].problem}.")
    return form.uploads[0]
