"""The EXIF blocks of a file, and the tags in them. A damaged file has none, and stops nobody."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tf_happywhale.catalogue.photographs.heic_file import heic_exif, is_heic

EXIF_PART, GPS_PART = 0x8769, 0x8825  # tags that say where these parts begin
MOST = 64  # bytes of a text that are kept
RATIONAL = 5  # the type of a number that is written as two
EXIF_MARK = b"Exif\0\0"
APP1, SCAN = 0xE1, 0xDA  # JPEG's markers


@dataclass(frozen=True)
class Tags:
    """The tags of one part of an EXIF block, which is a TIFF file without a picture.

    Attributes:
        tiff: the block's bytes.
        order: of the bytes, `<` or `>`.
        found: by tag, the type and the count of its values, and where they or their place stand.
    """

    tiff: bytes
    order: str
    found: dict[int, tuple[int, int, int]]

    def text(self, tag: int) -> str:
        """Return a tag's text up to its first zero; empty if there is none."""
        _, count, place = self.found.get(tag, (0, 0, 0))
        try:
            if count > 4:  # a longer text stands elsewhere
                (place,) = struct.unpack_from(self.order + "I", self.tiff, place)
        except struct.error:
            return ""
        raw = self.tiff[place : place + min(count, MOST)].split(b"\0")[0]
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def rationals(self, tag: int, wanted: int) -> list[float]:
        """Return a tag's numbers; empty if they are not so many, or one is divided by zero."""
        kind, count, place = self.found.get(tag, (0, 0, 0))
        if kind != RATIONAL or count != wanted:
            return []
        try:
            (place,) = struct.unpack_from(self.order + "I", self.tiff, place)
            parts = struct.unpack_from(f"{self.order}{2 * count}I", self.tiff, place)
        except struct.error:
            return []
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        return [above / below for above, below in pairs] if all(b for _, b in pairs) else []

    def part(self, tag: int) -> Tags:
        """Return the tags of the part that begins where a tag says."""
        _, count, place = self.found.get(tag, (0, 0, 0))
        try:
            (start,) = struct.unpack_from(self.order + "I", self.tiff, place) if count else (0,)
        except struct.error:
            start = 0
        return Tags(self.tiff, self.order, _entries(self.tiff, self.order, start) if start else {})


def tags_of(block: bytes) -> Tags:
    """Return the tags of an EXIF block's first part; none if it is not one."""
    tiff = block.removeprefix(EXIF_MARK)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return Tags(b"", "<", {})
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    return Tags(tiff, order, _entries(tiff, order, first))


def exif_blocks(encoded: bytes) -> Iterator[bytes]:
    """Yield the EXIF blocks of a file's bytes: JPEG, PNG, WebP, TIFF and HEIC."""
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


def _entries(tiff: bytes, order: str, start: int) -> dict[int, tuple[int, int, int]]:
    """Return the entries of the part that begins at `start`, as far as the bytes go."""
    found: dict[int, tuple[int, int, int]] = {}
    try:
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(order + "HHI", tiff, entry)
            found.setdefault(tag, (kind, values, entry + 8))
    except struct.error:
        pass
    return found


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
