"""Files that somebody sends: pictures by their content."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tf_happywhale.errors import InputError
from tf_happywhale.server.requests.checked_pictures import Picture, checked_picture


def encoded(kind: str, size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(file, kind, **more)
    return file.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of few bytes with `side`² pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        total = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + total

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp"), ("TIFF", ".tif"), ("BMP", ".bmp")],
)
def test_the_content_decides(tmp_path: Path, kind: str, ending: str) -> None:
    file = tmp_path / "anything"
    file.write_bytes(encoded(kind))
    assert checked_picture(file, "x") == Picture(40, 30, ending)


def test_a_picture_on_its_side(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG"):
        file = tmp_path / kind
        file.write_bytes(encoded(kind, exif=exif))
        assert (checked_picture(file, "x").width, checked_picture(file, "x").height) == (30, 40)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"<html><script>alert(1)</script></html>", "cannot be read as a picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "cannot be read as a picture"),
        (encoded("GIF"), "the format GIF"),
        (encoded("JPEG")[:-200], "is cut off"),
        (encoded("PNG")[:-200], "cannot be read"),
        (encoded("JPEG", (4, 4)), "too small"),
        (bomb(100_000), "pixels"),
        (bomb(13_200), "174,240,000 pixels"),
    ],
)
def test_what_is_no_photograph(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "IMG_1.jpg"
    file.write_bytes(content)
    with pytest.raises(InputError, match=f"IMG_1.jpg .*{reason}"):
        checked_picture(file, "IMG_1.jpg")
