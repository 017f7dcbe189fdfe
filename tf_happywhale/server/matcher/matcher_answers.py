"""From a request with photographs to the matcher's answer, for the routes that ask it."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from tf_happywhale.errors import HappywhaleError, InputError
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.matcher.matcher import matcher_of
from tf_happywhale.server.matcher.matcher_loading import NotReady
from tf_happywhale.server.requests.multipart import received

SECONDS = 300.0  # for an answer, the loading of the model included
MOST = 32  # photographs of a request
LOOK = 0.5  # seconds between two looks at whether somebody still waits
FORM: dict[str, Any] = {  # what the routes take, for /openapi.json
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["images"],
                    "properties": {
                        "images": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Photographs: JPEG, PNG, TIFF, WebP, BMP or HEIC.",
                        }
                    },
                }
            }
        },
    }
}


def add_matcher(app: FastAPI, home: Home) -> None:
    """Give an application its matcher. It loads the model when it is first asked."""
    kept = home.folder / "identified"  # where a model that nobody taught is kept once it is made
    app.state.matcher = matcher_of(home.gallery, [f"output={kept}"])


async def answer_photographs(request: Request, *, rank: bool) -> tuple[list[str], Any]:
    """Return the names of a request's photographs, and what `Matcher.ask` answers.

    Raises:
        HTTPException: 422 or 503, with a sentence; see `received` too.
    """
    state = request.app.state
    try:
        async with received(request, state.home, most=MOST) as form:
            for upload in form.uploads:
                if upload.problem:
                    raise InputError(f"{upload.name[:80]} is {upload.problem}: send it smaller.")
            if not form.uploads:
                raise InputError("There is no photograph: send one or more in parts named images.")
            names = [upload.name for upload in form.uploads]
            pictures = [(label(name, n), form.uploads[n].file) for n, name in enumerate(names)]
            answer = state.matcher.ask(pictures, rank=rank)
            return names, await _while_somebody_waits(request, asyncio.wrap_future(answer))
    except HappywhaleError as error:
        raise HTTPException(503 if isinstance(error, NotReady) else 422, str(error)) from None


def label(name: str, place: int) -> str:
    """Return what errors call a photograph. Many programs send every one as `x.jpg`."""
    which = f"photograph {place + 1}"
    return f"{name[:80]} ({which})" if name else which.capitalize()


async def _while_somebody_waits(request: Request, answer: asyncio.Future) -> Any:
    """Return an answer. It is cancelled if the client goes away, or if it takes too long."""
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                done, _ = await asyncio.wait([answer], timeout=LOOK)
                if done:
                    return answer.result()
                if await request.is_disconnected():
                    raise NotReady("Nobody waits for this any more.")
    except TimeoutError:
        raise NotReady("This takes too long: try again later.") from None
    finally:
        answer.cancel()
