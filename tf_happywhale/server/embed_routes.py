"""POST /v1/embed: from photographs to embeddings."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
