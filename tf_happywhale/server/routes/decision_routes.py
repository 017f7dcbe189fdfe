"""Routes of decisions: read, added, taken back, and as a table."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tf_happywhale.catalogue.animals.identities import as_seen, check_identity
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.trips.decision_table import decision_table
from tf_happywhale.server.trips.decisions import (
    Change,
    add_decisions,
    decided_now,
    decisions_after,
    undo,
)
from tf_happywhale.server.trips.trips import find_trip

router = APIRouter(prefix="/v1/trips/{trip}", tags=["decisions"])
MOST = 20_000  # decisions at once
Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(max_length=100)]


class MadeOf(BaseModel):
    """What was decided on one animal in a photograph."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["match", "new", "skip", "apart"]
    id: Text = ""
    rank: Text | int | None = None
    encounter: Text | None = None
    image: Text | None = None
    number: Text | int | None = None
    box: Text | None = None
    content: Text | None = None
    group: Text | None = None


class OneChange(BaseModel):
    """A decision on the animal with this key; null: none any more."""

    key: Annotated[str, Field(min_length=1, max_length=1000)]
    made: MadeOf | None


class Changes(BaseModel):
    """Decisions that a person makes at once."""

    by: Name = ""
    changes: Annotated[list[OneChange], Field(max_length=MOST)]


class Person(BaseModel):
    """Who takes back."""

    by: Name = ""


@router.get("/decisions")
def decisions(
    home: HomeOf, trip: str, after: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> dict[str, Any]:
    """Return the decisions with numbers above `after`, in the order in which they were made."""
    find_trip(home, trip)
    found = decisions_after(home.store, trip, after)
    return {"last": found[-1]["n"] if found else after, "decisions": found}


@router.post("/decisions")
def decide(home: HomeOf, trip: str, made: Changes) -> dict[str, int]:
    """Add decisions. They are on the disk when the answer comes."""
    find_trip(home, trip)
    for one in made.changes:
        _check_id(one.made)
    changes = [
        Change(one.key, one.made and one.made.model_dump(exclude_unset=True))
        for one in made.changes
    ]
    return {"last": add_decisions(home.store, trip, made.by, changes)}


@router.post("/undo")
def take_back(home: HomeOf, trip: str, person: Person | None = None) -> dict[str, int]:
    """Take back the last change of a person."""
    find_trip(home, trip)
    return {"last": undo(home.store, trip, (person or Person()).by)}


@router.get("/decisions.csv", response_class=Response)
def table(home: HomeOf, trip: str) -> Response:
    """Return the table that the review pages export."""
    find_trip(home, trip)
    text = "\ufeff" + decision_table(decided_now(home.store, trip))
    headers = {"Content-Disposition": f'attachment; filename="decisions-{trip}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _check_id(made: MadeOf | None) -> None:
    """Refuse what cannot be an id at once: later it would keep the whole trip from being added."""
    who = made.id if made and made.decision in ("match", "new") else ""
    if as_seen(who) and who != NEW_INDIVIDUAL:
        check_identity(who)
