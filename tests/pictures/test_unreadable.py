from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_region import read_crops
from tf_happywhale.pictures.pixels import decode, read_file


def png(width: int, height: int) -> bytes:
    """The head of a PNG of this size, and next to nothing in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """A small JPEG whose head says another size."""
    small = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    place = small.index(b"\xff\xc0") + 5
    return small[:place] + struct.pack(">HH", height, width) + small[place + 4 :]


def test_a_picture_of_more_than_2_to_the_30_pixels_says_so() -> None:
    for content, pixels in ((png(40000, 40000), "1,600,000,000"), (jpeg(50000, 40000), "2,000,")):
        with pytest.raises(InputError, match=rf"a\.png has {pixels}.*2\^30 .*save it smaller"):
            decode(content, "a.png")


def test_a_damaged_picture_that_is_merely_large_is_not_called_too_large() -> None:
    with pytest.raises(InputError, match="cannot be read as a picture"):
        decode(png(15000, 15000)[:60], "a.png")


def test_an_empty_file_and_one_of_another_format_say_so() -> None:
    with pytest.raises(InputError, match=r"a\.jpg is empty: copy it again"):
        decode(b"", "a.jpg")
    with pytest.raises(InputError, match=r"a\.jpg is empty"):
        read_crops(b"", [None], 8, "a.jpg")
    other = io.BytesIO()
    Image.new("RGB", (8, 8)).save(other, "PCX")
    with pytest.raises(InputError, match=r"a\.jpg is a picture of the format PCX: save it as JPEG"):
        decode(other.getvalue(), "a.jpg")


def test_what_cannot_be_opened_names_the_file_and_the_reason(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(InputError, match=r"a\.jpg is gone"):
        read_file(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"is a folder and not a file"):
        read_file(tmp_path)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"b\.jpg may not be read"):
        read_file(tmp_path / "b.jpg")
