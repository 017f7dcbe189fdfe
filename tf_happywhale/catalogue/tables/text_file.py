"""The text of a table's file. Its byte order mark decides the encoding. Without one it is
`data.encoding`, or UTF-8."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from tf_happywhale.errors import InputError

MARKS = {  # UTF-32 first, since its little-endian mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def decode_table(raw: bytes, path: Path, asked: str | None) -> tuple[str, str]:
    """A file's text without its mark, and its encoding.

    Args:
        raw: all of its bytes.
        path: the file, for errors.
        asked: `data.encoding`.

    Raises:
        InputError: the bytes are not text in that encoding, or are text in UTF-8 too.
    """
    if mark := byte_order_mark(raw):
        encoding = MARKS[mark]  # some programs put a second mark in front
        return _text(raw[len(mark) :], path, encoding).removeprefix("\ufeff"), encoding
    encoding = asked or "utf-8"
    if b"\0" in raw and "a".encode(encoding) == b"a":
        place = raw.index(b"\0")
        raise InputError(
            f"Line {_line(raw, place)} of {path} holds a zero byte, so the file is not UTF-8: save "
            "it as UTF-8, or, if it is UTF-16 without a byte order mark, set "
            f"data.encoding=utf-16-{'le' if place % 2 else 'be'}."
        )
    text = _text(raw, path, encoding)
    if codecs.lookup(encoding).name != "utf-8" and not raw.isascii() and _is(raw, "utf-8"):
        line = _line(raw, re.search(rb"[\x80-\xff]", raw).start())
        raise InputError(
            f"Line {line} of {path} is {_shown(raw, line, 'utf-8')} as UTF-8 and "
            f"{_shown(raw, line, encoding)} as {encoding}: save the file as UTF-8 with a byte "
            "order mark, or remove data.encoding."
        )
    return text, encoding


def encoding_of_own(path: Path, asked: str | None) -> str | None:
    """The encoding of a file that this package wrote and that a spreadsheet may have saved since:
    `asked`, or None if it is still UTF-8."""
    return None if not path.is_file() or _is(path.read_bytes(), "utf-8") else asked


def byte_order_mark(raw: bytes) -> bytes:
    """The byte order mark that a file begins with; empty if there is none."""
    return next((mark for mark in MARKS if raw.startswith(mark)), b"")


def _is(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _text(raw: bytes, path: Path, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        byte, line = raw[error.start], _line(raw, error.start)
        if encoding != "utf-8":
            raise InputError(
                f"Line {line} of {path}: the byte 0x{byte:02X} is not {encoding}: set "
                "data.encoding to the encoding of the table, or save it as UTF-8."
            ) from None
        raise InputError(
            f"Line {line} of {path}: the byte 0x{byte:02X} is not UTF-8. As Windows-1252 the line "
            f"is {_shown(raw, line, 'cp1252')}: if that is right, set data.encoding=cp1252; if "
            "not, save the table as UTF-8."
        ) from None


def _line(raw: bytes, place: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", raw[:place])) + 1


def _shown(raw: bytes, line: int, encoding: str) -> str:
    return repr(re.split(rb"\r\n|\r|\n", raw)[line - 1].decode(encoding, "replace")[:80])
