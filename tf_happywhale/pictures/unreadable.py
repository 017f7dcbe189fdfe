"""Reasons why a file's bytes cannot be read as a picture."""

from __future__ import annotations

import io
import re

from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_header import read_jpeg_header

MOST_PIXELS = 2**30  # of a picture that OpenCV reads
FORMATS = {"JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP"}


def unreadable(encoded: bytes, name: str) -> InputError:
    """Return the error for bytes that cannot be read: empty, too large, of another format, or
    damaged.
    """
    if not encoded:
        return InputError(f"{name} is empty: copy it again, or take it out.")
    kind, pixels = _look(encoded)
    if pixels > MOST_PIXELS:
        return InputError(
            f"{name} has {pixels:,} pixels, but only 2^30 ({MOST_PIXELS:,}) can be read: save it "
            "smaller."
        )
    if kind and kind not in FORMATS:
        return InputError(f"{name} is a picture of the format {kind}: save it as JPEG.")
    return InputError(f"{name} cannot be read as a picture: replace it or take it out.")


def _look(encoded: bytes) -> tuple[str, int]:
    """Return the format and number of pixels by the file's head; empty and 0 if it is not a
    picture.
    """
    header = read_jpeg_header(encoded)
    if header:
        return "JPEG", header.width * header.height
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            return picture.format or "", picture.width * picture.height
    except Image.DecompressionBombError as error:  # Pillow's limit is lower than ours
        found = re.search(r"\d+", str(error))
        return "", int(found[0]) if found else 0
    except Exception:  # Pillow's readers raise many kinds of error at damage
        return "", 0
