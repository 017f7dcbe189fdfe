"""Photographs as small JPEGs, for pages."""

from __future__ import annotations

import threading
from pathlib import Path

LARGEST = 4096  # pixels of the longer side
_at_once = threading.Semaphore(2)  # large pictures in memory


def small_jpeg(file: Path, size: int) -> bytes:
    """Return the upright picture of a file as a JPEG, its longer side at most `size` pixels.

    Raises:
        InputError: the file is not a picture.
    """
    import cv2

    from tf_happywhale.pictures.pixels import read_small

    with _at_once:
        picture = read_small(file, None, size)
        height, width = picture.shape[:2]
        scale = min(1.0, size / max(height, width))
        if scale < 1:
            shape = (max(1, round(width * scale)), max(1, round(height * scale)))
            picture = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
        return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)[1].tobytes()
