"""Errors as answers: always `{"detail": "one sentence"}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match

from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.errors import HappywhaleError

ERRORS = {
    400: "The request cannot be read, or names another machine.",
    401: "The token is missing or wrong.",
    403: "The request comes from a page of another address.",
    404: "There is no such thing.",
    408: "The request took too long to arrive.",
    409: "It contradicts what is there.",
    413: "The request is too large.",
    422: "The request is wrong; the sentence says what to do.",
    503: "It cannot be done now.",
}


class Detail(BaseModel):
    """What is wrong, in one sentence."""

    detail: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Detail, "description": what} for status, what in ERRORS.items()
}


def said(status: int, sentence: str) -> Response:
    """Return an error as an answer."""
    return JSONResponse({"detail": sentence}, status)


def missing(what: str) -> HTTPException:
    """Return the error that there is no such thing; `what` such as `trip t7`."""
    return HTTPException(404, f"There is no {what}.")


def contradiction(sentence: str) -> HTTPException:
    """Return the error that a request contradicts what is there."""
    return HTTPException(409, sentence)


def add_error_answers(app: FastAPI, routes: Sequence[BaseRoute] = ()) -> None:
    """Let an application with these routes answer every error in the same form."""

    @app.exception_handler(AnyHTTPException)
    async def _http(request: Request, error: AnyHTTPException) -> Response:
        headers = error.headers
        if error.status_code == 405:
            headers = {"Allow": ", ".join(allowed_methods(request, routes))}
        return JSONResponse({"detail": str(error.detail)}, error.status_code, headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return said(422, in_one_sentence(error))

    @app.exception_handler(ValidationError)
    async def _odd(_: Request, error: ValidationError) -> Response:
        return said(422, in_one_sentence(error))

    @app.exception_handler(RecursionError)
    async def _deep(_: Request, error: RecursionError) -> Response:
        return said(422, "The request is nested too deeply.")

    @app.exception_handler(HappywhaleError)
    async def _wrong(_: Request, error: HappywhaleError) -> Response:
        return said(422, str(error))

    @app.exception_handler(OSError)
    async def _disk(_: Request, error: OSError) -> Response:
        return said(503, in_words(error, error.filename or "a file"))

    @app.exception_handler(Exception)
    async def _fault(_: Request, error: Exception) -> Response:
        kind = type(error).__name__
        return said(500, f"The program has a fault ({kind}): what it printed says more.")


def allowed_methods(request: Request, routes: Sequence[BaseRoute]) -> list[str]:
    """Return the methods of a request's path. A router's own answer names those of the first route
    alone."""
    there = [route for route in routes if route.matches(request.scope)[0] != Match.NONE]
    return sorted({method for route in there for method in getattr(route, "methods", ())})


def in_one_sentence(error: RequestValidationError | ValidationError) -> str:
    """Return what is wrong with a request in one sentence."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    what = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {what}." if where else f"{what}."
