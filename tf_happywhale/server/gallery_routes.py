"""Routes of the gallery: built, looked at, corrected."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
