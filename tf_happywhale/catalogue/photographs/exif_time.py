"""When a photograph was taken, by its EXIF.

Only DateTimeOriginal counts. DateTime is when the file was last changed, such as by a program that
made it brighter; DateTimeDigitized is when a film was scanned. Both can be years later.
"""

from __future__ import annotations

import datetime
import re
import struct
from collections.abc import Iterator

from tf_happywhale.catalogue.photographs.heic_file import heic_exif, is_heic

EXIF_PART, TAKEN = 0x8769, 0x9003  # tags: where the EXIF part begins; DateTimeOriginal in it
MOST = 40  # characters of the text that are kept
WRITTEN = re.compile(
    r"\s*(\d{4})[:/.-](\d\d?)[:/.-](\d\d?)"
    r"(?:[ T]+(?:(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|[ :]*))?\s*",
    re.ASCII,
)
YEARS = range(1900, 2100)
UNSET = (1904, 1970, 1980, 2000)  # a clock that was never set begins on the first of January
EXIF_MARK = b"Exif\0\0"
APP1, SCAN = 0xE1, 0xDA  # JPEG's markers


def exif_time(encoded: bytes) -> str:
    """Return the text of EXIF's DateTimeOriginal in a file's bytes, as it stands there; empty if
    there is none, or if the EXIF is damaged. JPEG, PNG, WebP, TIFF and HEIC are looked at.
    """
    return next(filter(None, map(_time_in, _blocks(encoded))), "")


def when_taken(text: str) -> str:
    """Return a time of EXIF as `2015-05-13 10:22:59`, or its day `2015-05-13` if the time of day is
    blank; empty for anything else: other text, a day that does not exist, and the first of January
    of a clock that was never set (of 1970, 1980, 2000, or any year in its first hour).
    """
    found = WRITTEN.fullmatch(text.split("\0")[0])
    if not found:
        return ""
    year, month, day, *clock = (None if part is None else int(part) for part in found.groups())
    hour, minute, second = clock
    try:
        taken = datetime.datetime(year, month, day, hour or 0, minute or 0, second or 0)
    except ValueError:
        return ""
    unset = year in UNSET or hour == 0
    if year not in YEARS or ((month, day) == (1, 1) and unset):
        return ""
    return str(taken.date() if hour is None else taken)


def _time_in(block: bytes) -> str:
    """Return DateTimeOriginal in an EXIF block, which is a TIFF file without a picture."""
    tiff = block.removeprefix(EXIF_MARK)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return ""
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        below, place = _find(tiff, order, first, EXIF_PART)
        (part,) = struct.unpack_from(order + "I", tiff, place) if below else (0,)
        length, place = _find(tiff, order, part, TAKEN) if part else (0, 0)
        if length > 4:  # a longer text stands elsewhere
            (place,) = struct.unpack_from(order + "I", tiff, place)
    except struct.error:
        return ""
    text = tiff[place : place + min(length, MOST)]
    return text.split(b"\0")[0].decode("latin-1")


def _find(tiff: bytes, order: str, start: int, wanted: int) -> tuple[int, int]:
    """Return the count of a tag's values, and where they or their place stand; 0, 0 without it."""
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, _, values = struct.unpack_from(order + "HHI", tiff, entry)
        if tag == wanted:
            return values, entry + 8
    return 0, 0


def _blocks(encoded: bytes) -> Iterator[bytes]:
    """Yield the EXIF blocks of a file's bytes, of any format."""
    if encoded[:3] == b"\xff\xd8\xff":
        yield from _jpeg_blocks(encoded)
    elif encoded[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _chunks(encoded, 8, b"eXIf", "big")
    elif encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        yield from _chunks(encoded, 12, b"EXIF", "little")
    elif encoded[:4] in (b"II*\0", b"MM\0*"):
        yield encoded
    elif is_heic(encoded):
        yield heic_exif(encoded)


def _jpeg_blocks(encoded: bytes) -> Iterator[bytes]:
    place = 2
    while place + 4 <= len(encoded) and encoded[place] == 0xFF and encoded[place + 1] != SCAN:
        if encoded[place + 1] == 0xFF:  # filling
            place += 1
            continue
        end = place + 2 + int.from_bytes(encoded[place + 2 : place + 4], "big")
        if encoded[place + 1] == APP1 and encoded.startswith(EXIF_MARK, place + 4):
            yield encoded[place + 4 : end]
        place = end


def _chunks(encoded: bytes, start: int, wanted: bytes, order: str) -> Iterator[bytes]:
    """Yield the content of the wanted chunks of a PNG (`big`) or a WebP (`little`)."""
    place, png = start, order == "big"
    while place + 8 <= len(encoded):
        first, second = encoded[place : place + 4], encoded[place + 4 : place + 8]
        length, name = (first, second) if png else (second, first)
        size = int.from_bytes(length, order)
        if name == wanted:
            yield encoded[place + 8 : place + 8 + size]
        place += 8 + size + (4 if png else size % 2)  # PNG: a checksum; WebP: even
