"""POST /match: the contract of programs that send photographs of one animal."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
