"""Uploads in the form multipart/form-data, written to files while they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tf_happywhale.server.home.home import Home
from tf_happywhale.server.requests.arriving import MEGABYTE

PARTS = 1000  # files in one request
FIELD = 2**16  # bytes of a field that is no file


@dataclass
class Upload:
    """A file that was sent.

    Attributes:
        name: as the sender named it.
        file: where it lies now, in HOME/uploads; it is removed after the request.
        bytes: how large it is.
        problem: why it was not kept; empty if it was.
    """

    name: str
    file: Path
    bytes: int = 0
    problem: str = ""


@dataclass
class Form:
    """What a form holds: its files in order, and its other fields."""

    uploads: list[Upload] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def received(
    request: Request, home: Home, name: str = "images", most: int = PARTS
) -> AsyncIterator[Form]:
    """Yield the form of a request. Afterwards what still lies in HOME/uploads of it is removed.

    A file that is too large has a `problem`, and the others are kept.

    Args:
        request: of which the body was not read yet.
        home: where files are put.
        name: the field of the files.
        most: the most files.

    Raises:
        HTTPException: 422 if it is no form or ends early; 413 for more files than `most`.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise HTTPException(422, f"Send the files as multipart/form-data, in parts named {name}.")
    reader = _Reader(home, name, most)
    try:
        parser = MultipartParser(options[b"boundary"], reader.callbacks())
        async for piece in request.stream():
            await run_in_threadpool(parser.write, piece)
        if not reader.ended:
            raise HTTPException(422, "The form ends early: send it again.")
        yield reader.form
    except (FormParserError, ClientDisconnect):
        raise HTTPException(422, "The form cannot be read: send it again.") from None
    finally:
        reader.clean()


class _Reader:
    """Takes what the parser finds: files become uploads, and the rest fields."""

    def __init__(self, home: Home, name: str, most: int) -> None:
        self.home, self.name, self.most = home, name, most
        self.largest = home.settings.picture_megabytes * MEGABYTE
        self.form, self.ended = Form(), False
        self._headers: dict[bytes, bytes] = {}
        self._label, self._value = b"", b""
        self._file: BinaryIO | None = None
        self._upload: Upload | None = None
        self._field, self._text = "", b""

    def callbacks(self) -> dict:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": self._end,
            "on_header_field": self._label_part, "on_header_value": self._value_part,
            "on_header_end": self._header, "on_headers_finished": self._open,
            "on_end": self._finish,
        }  # fmt: skip

    def clean(self) -> None:
        """Close and remove the files that were not taken."""
        if self._file is not None:
            self._file.close()
        for upload in self.form.uploads:
            upload.file.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._headers, self._label, self._value = {}, b"", b""
        self._upload, self._field, self._text = None, "", b""

    def _label_part(self, data: bytes, start: int, end: int) -> None:
        self._label += data[start:end]

    def _value_part(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        self._headers[self._label.lower()] = self._value
        self._label, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = in_text(options.get(b"name", b""))
        if b"filename" not in options:
            self._field = name
            return
        if name != self.name:
            raise HTTPException(422, f"A file is named {name[:40]!r}: send it as {self.name}.")
        if len(self.form.uploads) >= self.most:
            raise HTTPException(413, f"Send at most {self.most} files in one request.")
        file = self.home.uploads / uuid4().hex
        self._upload = Upload(in_text(options[b"filename"]), file)
        self.form.uploads.append(self._upload)
        self._file = file.open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is None:
            self._text += data[start:end]
            if len(self._text) > FIELD or len(self.form.fields) > PARTS:
                raise HTTPException(413, f"The field {self._field[:40]!r} is too large.")
            return
        self._upload.bytes += end - start
        if self._upload.bytes > self.largest:
            self._upload.problem = too_large(self.home.settings.picture_megabytes)
            return
        self._file.write(data[start:end])

    def _end(self) -> None:
        if self._upload is None:
            self.form.fields[self._field] = in_text(self._text)
            return
        self._file.close()
        self._file = None
        if self._upload.problem:
            self._upload.file.unlink(missing_ok=True)

    def _finish(self) -> None:
        self.ended = True


def too_large(megabytes: int) -> str:
    """Return what is wrong with a picture of more megabytes."""
    return f"larger than {megabytes} MB (server.picture_megabytes)"


def in_text(given: bytes) -> str:
    """Return the text of a header or field: UTF-8, or else Latin-1."""
    try:
        return given.decode()
    except UnicodeDecodeError:
        return given.decode("latin-1")
