"""Requests as bytes, so that they can be wrong in every way."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

BOUNDARY = "hostile-boundary"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass
class Answer:
    """What a server answered.

    Attributes:
        status: 0 if the connection was closed without an answer, -1 if there was none in time.
        headers: with names in small letters.
        body: of the answer.
        broken: whether the server did not have to answer in its own form, since what it was sent
            was not HTTP.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: bool = False

    @property
    def is_sentence(self) -> bool:
        """Whether it is an error as the application says it."""
        try:
            said = self.json()
        except ValueError:
            return False
        return isinstance(said, dict) and isinstance(said.get("detail"), str)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.body[:160].decode(errors='replace')}"


def send(port: int, pieces: Iterable[bytes], wait: float = 30, pause: float = 0) -> Answer:
    """Send bytes and return the answer, also one that comes before all is sent.

    Args:
        port: of 127.0.0.1.
        pieces: what is sent.
        wait: seconds to wait for the answer.
        pause: seconds between the pieces.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                if pause and answered(line, pause):
                    break
        except OSError:
            pass  # it has answered, and closed
        return receive(line, wait)


def answered(line: socket.socket, wait: float) -> bool:
    """Whether there is something to read, or the other side has closed, in some seconds."""
    before = line.gettimeout()
    line.settimeout(wait)
    try:
        line.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return False
    except OSError:
        return True
    finally:
        line.settimeout(before)
    return True


def receive(line: socket.socket, wait: float) -> Answer:
    """Read one answer."""
    until, got = time.monotonic() + wait, b""
    try:
        while not _whole(got):
            line.settimeout(max(0.1, until - time.monotonic()))
            more = line.recv(2**16)
            if not more:
                break
            got += more
    except TimeoutError:
        return Answer(-1)
    except OSError:
        pass
    if not got.startswith(b"HTTP/"):
        return Answer(0)
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, _, v in (one.partition(":") for one in lines)}
    return Answer(int(first.split()[1]), headers, _unchunked(body, headers))


def _whole(got: bytes) -> bool:
    head, found, body = got.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(found) and len(body) >= int(line.partition(b":")[2])
        if line.startswith(b"transfer-encoding:"):
            return body.endswith(b"0\r\n\r\n")
    return bool(found) and got.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304"))


def _unchunked(body: bytes, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return body
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


def head(method: str, path: str, headers: dict[str, str]) -> bytes:
    """Return the lines above a body. Bytes that are not Latin-1 must be in the path as such."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def part(name: str, content: bytes, file: str | bytes | None) -> bytes:
    """Return a part of a form; `file` is its file's name, as it is put between the quotes."""
    file = file.encode() if isinstance(file, str) else file
    of_file = b"" if file is None else b'; filename="' + file + b'"'
    line = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
    return line + of_file + b"\r\nContent-Type: image/jpeg\r\n\r\n" + content + b"\r\n"


def form(*files: tuple[str | bytes, bytes], name: str = "images") -> bytes:
    """Return a form of files."""
    parts = (part(name, content, file) for file, content in files)
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
