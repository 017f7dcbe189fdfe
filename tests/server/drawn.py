"""Small pictures, as files that are sent."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def jpeg(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    """A JPEG that differs by its seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def images(**pictures: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    """The parts of a form: `a=bytes` is sent as a.jpg."""
    return [("images", (f"{name}.jpg", content)) for name, content in pictures.items()]
