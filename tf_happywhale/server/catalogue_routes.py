"""Routes of the catalogue: made from a table and photographs, or chosen."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
