"""Photographs that a request sends, as a trip takes them, and how OpenAPI describes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request

from tf_happywhale.server.home.home import Home
from tf_happywhale.server.requests.multipart import received
from tf_happywhale.server.trips.photographs import Offered

IMAGES: dict[str, Any] = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["images"],
            "properties": {
                "images": {"type": "array", "items": {"type": "string", "format": "binary"}}
            },
        }
    }
}
FOLDER: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["folder"],
            "properties": {"folder": {"type": "string"}},
        }
    }
}
ONLY_IMAGES = {"requestBody": {"required": True, "content": IMAGES}}
FORM = {"requestBody": {"required": True, "content": IMAGES | FOLDER}}


@asynccontextmanager
async def sent_photographs(request: Request, home: Home) -> AsyncIterator[list[Offered]]:
    """Yield the photographs of a request; errors: see `received`."""
    async with received(request, home) as form:
        yield [Offered(one.name, one.file, one.problem) for one in form.uploads]
