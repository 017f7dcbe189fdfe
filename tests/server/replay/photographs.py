"""Small photographs in any format that is read."""

from __future__ import annotations

import io

from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")


def photograph(mode: str, colour: int, width: int, height: int, kind: str) -> bytes:
    """A photograph of one colour."""
    file = io.BytesIO()
    picture = Image.new("RGB", (width, height), (colour, colour // 2, 255 - colour)).convert(mode)
    picture.save(file, kind)
    return file.getvalue()
