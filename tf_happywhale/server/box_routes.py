"""Routes of the boxes of a trip's photographs."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
