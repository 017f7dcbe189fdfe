"""Bodies of requests as they arrive: not too large, and not too slow."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tf_happywhale.server.requests.answers import said

MEGABYTE = 10**6
PLAIN_MEGABYTES = 8  # of a body that is no upload


@dataclass(frozen=True)
class Patience:
    """How slow a body may be.

    Attributes:
        pause: longest time between two pieces, in seconds.
        start: seconds before the speed counts.
        speed: least bytes a second, from the beginning.
    """

    pause: float = 20
    start: float = 60
    speed: float = 10_000


class Arriving:
    """Refuses bodies that are too large (413) or too slow (408), and lengths that are none."""

    def __init__(self, app: ASGIApp, megabytes: int, patience: Patience | None = None) -> None:
        self.app, self.megabytes, self.patience = app, megabytes, patience or Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a body that is watched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").lower().startswith("multipart/")
        most = (self.megabytes if upload else min(PLAIN_MEGABYTES, self.megabytes)) * MEGABYTE
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            await said(413, too_large(most))(scope, receive, send)
            return
        await self.app(scope, _Watched(receive, most, self.patience), send)


class _Watched:
    """Receives one body."""

    def __init__(self, receive: Receive, most: int, patience: Patience) -> None:
        self.receive, self.most, self.patience = receive, most, patience
        self.got, self.began, self.done = 0, time.monotonic(), False

    async def __call__(self) -> Message:
        if self.done:  # what follows is the end of the connection, which may take long
            return await self.receive()
        try:
            message = await asyncio.wait_for(self.receive(), self.patience.pause)
        except TimeoutError:
            raise too_slow() from None
        self.got += len(message.get("body", b""))
        self.done = message["type"] != "http.request" or not message.get("more_body", False)
        if self.got > self.most:
            raise HTTPException(413, too_large(self.most))
        took = time.monotonic() - self.began
        if not self.done and took > self.patience.start and self.got < took * self.patience.speed:
            raise too_slow()
        return message


def too_large(most: int) -> str:
    """Return the sentence on a body of more than `most` bytes."""
    return (
        f"A request may have {most // MEGABYTE} MB: send less at a time, or raise "
        "server.upload_megabytes."
    )


def too_slow() -> HTTPException:
    """Return the error about a body that takes too long."""
    return HTTPException(
        408, "The request arrived too slowly: send it again.", {"Connection": "close"}
    )
