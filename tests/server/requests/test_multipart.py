"""Uploads: streamed to files, limited, and nothing left of what was not taken."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from tf_happywhale.config import Server
from tf_happywhale.server.home.home import Home, open_home
from tf_happywhale.server.requests.answers import add_error_answers
from tf_happywhale.server.requests.arriving import Arriving, Patience
from tf_happywhale.server.requests.multipart import received

HEADERS = {"Content-Type": "multipart/form-data; boundary=B"}
PART = b'--B\r\nContent-Disposition: form-data; name="images"; filename="%s"\r\n\r\n%s\r\n'


@pytest.fixture
def small(tmp_path: Any) -> Home:
    """A home that takes pictures of 1 MB, and 3 MB at once."""
    settings = Server(picture_megabytes=1, upload_megabytes=3)
    return open_home(tmp_path / "home", settings, personal=False)


@pytest.fixture
def sender(small: Home) -> Iterator[TestClient]:
    """A client of an application that says what it got."""
    app = FastAPI()
    add_error_answers(app)

    @app.post("/")
    async def take(request: Request) -> dict:
        async with received(request, small, most=3) as form:
            files = [
                [one.name, one.bytes, one.problem or one.file.read_bytes()[:20].decode()]
                for one in form.uploads
            ]
            return {"files": files, "fields": form.fields}

    app.add_middleware(Arriving, megabytes=3, patience=Patience(pause=0.05, start=0.2))
    with TestClient(app) as client:
        yield client
    assert os.listdir(small.uploads) == []


def test_files_and_fields(sender: TestClient) -> None:
    files = [
        ("images", ("a.jpg", b"one")),
        ("images", ("ü/b.jpg", b"")),
        ("images", ("a.jpg", b"2")),
    ]
    got = sender.post("/", files=files, data={"by": "Ann ü"}).json()
    assert got["files"] == [["a.jpg", 3, "one"], ["ü/b.jpg", 0, ""], ["a.jpg", 1, "2"]]
    assert got["fields"] == {"by": "Ann ü"}


def test_a_picture_that_is_too_large_is_left_out_and_the_others_kept(sender: TestClient) -> None:
    files = [("images", ("big", b"x" * 1_500_000)), ("images", ("small", b"y"))]
    big, small = sender.post("/", files=files).json()["files"]
    assert "server.picture_megabytes" in big[2] and small[2] == "y"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (PART % (b"a", b"x") + b"--B", 422, "ends early"),
        (PART % (b"a", b"x"), 422, "ends early"),
        (b"", 422, "ends early"),
        (b"nothing of the kind", 422, "cannot be read"),
        (PART.replace(b"images", b"other") % (b"a", b"x"), 422, "as images"),
        (4 * (PART % (b"a", b"x")), 413, "at most 3 files"),
        (b'--B\r\nContent-Disposition: form-data; name="by"\r\n\r\n' + b"x" * 70_000, 413, "by"),
        (b"--B\r\n" + b"A: b\r\n" * 1000 + b"\r\nx\r\n", 422, "cannot be read"),
        (PART % (b"a", b"x" * 4_000_000), 413, "server.upload_megabytes"),
    ],
)
def test_forms_that_are_refused(sender: TestClient, body: bytes, status: int, says: str) -> None:
    answer = sender.post("/", content=body, headers=HEADERS)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=B"]
)
def test_no_form(sender: TestClient, kind: str) -> None:
    assert sender.post("/", content=b"x", headers={"Content-Type": kind}).status_code == 422


def call(app: Any, messages: list[dict | None], headers: dict[str, str]) -> int:
    """The status of an answer to a body that arrives in these pieces; None: nothing comes."""

    async def ask() -> int:
        sent: list[dict] = []

        async def receive() -> dict:
            message = messages.pop(0) if messages else None
            if message is None:
                await asyncio.Event().wait()
            return message

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "http_version": "1.1", "scheme": "http", "server": ("x", 1), "client": ("y", 2),
            "root_path": "", "app": app,
        }  # fmt: skip
        await app(scope, receive, send)
        return sent[0]["status"]

    return asyncio.run(ask())


def test_a_body_that_stops_arriving(sender: TestClient) -> None:
    piece = {"type": "http.request", "body": PART % (b"a", b"x"), "more_body": True}
    assert call(sender.app, [piece, None], HEADERS) == 408


def test_a_body_that_trickles(sender: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr(
        "tf_happywhale.server.requests.arriving.time.monotonic", lambda: next(clock)
    )
    pieces = [{"type": "http.request", "body": b"-", "more_body": True} for _ in range(50)]
    assert call(sender.app, pieces, HEADERS) == 408


def test_a_sender_that_goes_away(sender: TestClient) -> None:
    piece = {"type": "http.request", "body": PART % (b"a", b"x"), "more_body": True}
    assert call(sender.app, [piece, {"type": "http.disconnect"}], HEADERS) == 422
