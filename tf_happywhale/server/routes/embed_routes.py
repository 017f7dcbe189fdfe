"""POST /v1/embed: from photographs to embeddings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from tf_happywhale.server.matcher.matcher_answers import FORM, answer_photographs

router = APIRouter()


class Embedding(BaseModel):
    """What a model sees in one photograph."""

    image: Annotated[str, Field(description="Name of the photograph as it was sent.")]
    box_number: Annotated[int, Field(ge=1, description="Of the animal; 1 is the whole picture.")]
    embedding: Annotated[list[float], Field(description="Not scaled to length 1.")]


class Embedded(BaseModel):
    """Photographs as numbers."""

    model: Annotated[str, Field(description="Only embeddings of one model can be compared.")]
    embeddings: Annotated[list[Embedding], Field(description="In the order of the photographs.")]


@router.post("/v1/embed", openapi_extra=FORM, tags=["identification"])
async def embed(request: Request) -> Embedded:
    """Return the embeddings of photographs by the gallery's model. Nothing is kept."""
    names, (model, rows) = await answer_photographs(request, rank=False)
    pairs = zip(names, rows, strict=True)
    return Embedded(
        model=model,
        embeddings=[
            Embedding(image=name, box_number=1, embedding=row.tolist()) for name, row in pairs
        ],
    )
