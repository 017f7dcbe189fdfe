"""POST /match: the contract of programs that send photographs of one animal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from tf_happywhale.server.matcher.matcher_answers import FORM, answer_photographs

if TYPE_CHECKING:
    from tf_happywhale.retrieval.new_individual.ratings import Rated

router = APIRouter()
SHOWN = 10  # individuals of an answer, and new_individual


class Candidate(BaseModel):
    """An individual that the photographs may show."""

    rank: Annotated[int, Field(ge=1, description="1 is the most probable one.")]
    id: Annotated[str, Field(description="Of the individual, or `new_individual`.")]
    rating: Annotated[float, Field(ge=0, le=1, description="The probability that this is right.")]
    details: Annotated[str, Field(description="The reference photograph that is most like these.")]


class Match(BaseModel):
    """Who may be in the photographs."""

    matches: Annotated[list[Candidate], Field(description="The most probable one first.")]


@router.post("/match", openapi_extra=FORM, tags=["identification"], operation_id="match")
async def match(request: Request) -> Match:
    """Say which individuals of the gallery the animal in the photographs may be.

    All photographs of a request show one animal. They are compared by embeddings alone, and nothing
    is kept.
    """
    _, found = await answer_photographs(request, rank=True)
    known = [one for one in found if not one.is_new][:SHOWN]
    listed = [one for one in found if one.is_new or one in known]
    return Match(matches=[_candidate(n, one) for n, one in enumerate(listed, 1)])


def _candidate(rank: int, one: Rated) -> Candidate:
    details = f"Most like the reference photograph {one.image}."
    if one.is_new:
        details = "None of the individuals in the catalogue."
    elif not one.calibrated:
        details += " There are too few individuals to say how probable it is."
    return Candidate(rank=rank, id=one.individual_id, rating=one.rating, details=details)
