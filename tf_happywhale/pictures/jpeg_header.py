"""Header of a JPEG, read without any pixel: size, components, and which way is up."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

# Frames of sequential and progressive Huffman coding, the ones in use.
FRAMES = (0xC0, 0xC1, 0xC2)
LONE = (0x01, *range(0xD0, 0xD9))  # markers without a length
APP1, SCAN, END, ORIENTATION = 0xE1, 0xDA, 0xD9, 0x0112
NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff]")  # FF 00 is a coded FF


@dataclass(frozen=True)
class JpegHeader:
    """Header of a JPEG as it is stored.

    Attributes:
        width, height: pixels, before it is turned upright.
        components: 1 grey, 3 colour, 4 CMYK.
        orientation: EXIF's, 1 to 8; 1 is upright.
    """

    width: int
    height: int
    components: int
    orientation: int

    @property
    def upright(self) -> tuple[int, int]:
        """Return the width and height of the picture when it is turned upright."""
        sides = (self.width, self.height)
        return sides[::-1] if self.orientation >= 5 else sides


def read_jpeg_header(encoded: bytes) -> JpegHeader | None:
    """Return the header of a file's bytes; None if they are not a JPEG of 8 bits a channel."""
    if encoded[:3] != b"\xff\xd8\xff":
        return None
    orientation, place = 1, 2
    while place + 4 <= len(encoded):
        if encoded[place] != 0xFF:
            return None
        marker = encoded[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        if marker in LONE:
            place += 2
            continue
        (length,) = struct.unpack_from(">H", encoded, place + 2)
        content = encoded[place + 4 : place + 2 + length]
        if marker == APP1 and content[:6] == b"Exif\0\0":
            orientation = _orientation(content[6:]) or orientation
        elif marker in FRAMES and len(content) >= 6:
            bits, height, width, components = struct.unpack_from(">BHHB", content)
            if bits != 8 or not (height and width):
                return None
            return JpegHeader(width, height, components, orientation)
        elif marker == SCAN:
            return None
        place += 2 + length
    return None


def is_cut_off(encoded: bytes) -> bool:
    """Return whether a JPEG that says how large it is ends before its end mark. It does if a walk
    from marker to marker, over what they hold and the coded pixels between them, meets no end mark.
    What lies after that mark does not count.
    """
    if encoded[:3] != b"\xff\xd8\xff" or encoded[-2:] == b"\xff\xd9":
        return False
    place = 2
    while found := NEXT_MARKER.search(encoded, place):
        marker, place = found[0][-1], found.end()
        if marker == END:
            return False
        if marker not in LONE and place + 2 <= len(encoded):
            place += struct.unpack_from(">H", encoded, place)[0]
    return read_jpeg_header(encoded) is not None  # else it is not a picture at all


def _orientation(tiff: bytes) -> int | None:
    """Return the orientation tag in an EXIF block, if there is a valid one."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else None
    except struct.error:
        return None
    return None
