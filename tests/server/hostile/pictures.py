"""Files that are sent: photographs, and what only looks like one."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

import cv2
import numpy as np

SIDE = 60_000  # of a picture that has 3.6 milliards of pixels
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(/tmp/pwned) (w) file\n%%EOF\n"


def photograph(seed: int, width: int = 160, height: int = 120, ending: str = ".jpg") -> bytes:
    """Return a small picture of noise, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    done, encoded = cv2.imencode(ending, pixels)
    assert done
    return encoded.tobytes()


def png(width: int, height: int, bits: int = 1, rows: int | None = None) -> bytes:
    """Return a black PNG of few bytes; of `rows` rows only, if that is given."""
    row = bytes(1 + (width * bits + 7) // 8)
    squeezed, left = zlib.compressobj(9), height if rows is None else rows
    data = b""
    while left > 0:
        data += squeezed.compress(row * min(left, 1000))
        left -= 1000
    data += squeezed.flush()
    size = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size) + _chunk(b"IDAT", data) + _chunk(b"IEND")


def png_of_text(megabytes: int) -> bytes:
    """Return a small PNG with a compressed comment that is large when it is read."""
    text = b"Comment\0\0" + zlib.compress(bytes(megabytes * 10**6), 9)
    whole = png(64, 64)
    after_size = 8 + 25
    return whole[:after_size] + _chunk(b"zTXt", text) + whole[after_size:]


def tiff(width: int, height: int) -> bytes:
    """Return a TIFF of few bytes: all of its strips are one compressed strip."""
    rows = 1000
    strip = zlib.compress(bytes(width * rows), 9)
    count = height // rows
    offset = 8 + len(strip)
    places = offset + 2 + 9 * 12 + 4
    tags = (
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, count, places), (277, 3, 1, 1), (278, 4, 1, rows),
        (279, 4, count, places + 4 * count),
    )  # fmt: skip
    table = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    lists = struct.pack(f"<{count}I", *[8] * count)
    lists += struct.pack(f"<{count}I", *[len(strip)] * count)
    first = struct.pack("<2sHI", b"II", 42, offset)
    return first + strip + struct.pack("<H", len(tags)) + table + bytes(4) + lists


def jpeg_of_size(width: int, height: int) -> bytes:
    """Return a JPEG whose head says another size than its pixels have."""
    encoded = bytearray(photograph(5))
    place = encoded.index(b"\xff\xc0") + 5
    encoded[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(encoded)


def gif(width: int, height: int) -> bytes:
    """Return a GIF that says it is so large."""
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0" + size + b"\0\2\2D\1\0;"


def bomb_xlsx(megabytes: int) -> bytes:
    """Return an Excel file whose sheet is large when it is unpacked."""
    space = (b" " * 10**6 for _ in range(megabytes))
    return _xlsx(b'<worksheet xmlns="X"><sheetData>', *space, b"</sheetData></worksheet>")


def crowded_xlsx(thousands: int) -> bytes:
    """Return an Excel file of so many thousand rows of ten cells."""
    rows = (b"<row>" + b"<c><v>1</v></c>" * 10 + b"</row>") * 1000
    head, tail = b'<worksheet xmlns="X"><sheetData>', b"</sheetData></worksheet>"
    return _xlsx(head, *(rows for _ in range(thousands)), tail)


def laughing_xlsx() -> bytes:
    """Return an Excel file whose sheet has entities that grow ten times, nine times over."""
    entities = b"".join(
        b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(9)
    )
    row = b'<worksheet xmlns="X"><sheetData><row><c t="str"><v>&l8;</v></c></row></sheetData>'
    return _xlsx(b"<!DOCTYPE a [" + entities + b"]>", row, b"</worksheet>")


def _xlsx(*sheet: bytes) -> bytes:
    """Return an Excel file of one sheet, given in pieces with the namespace X."""
    import openpyxl

    book, good, bad = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["image", "individual_id"])
    book.save(good)
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with (
        zipfile.ZipFile(good) as source,
        zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for name in source.namelist():
            if name != "xl/worksheets/sheet1.xml":
                target.writestr(name, source.read(name))
        with target.open("xl/worksheets/sheet1.xml", "w") as out:
            for piece in sheet:
                out.write(piece.replace(b'"X"', b'"' + space + b'"'))
    return bad.getvalue()


def zipped(content: bytes) -> bytes:
    """Return a ZIP with a file that is named as if it lay elsewhere."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.jpg", content)
    return file.getvalue()


def gzipped(content: bytes) -> bytes:
    """Return a file that gzip has made smaller."""
    return gzip.compress(content, 9)


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
