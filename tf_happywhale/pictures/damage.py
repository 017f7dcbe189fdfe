"""Damage in a JPEG that a decoder can still read, but complains of.

A file that was copied or saved badly shows its rows before the fault, and grey or something else
after it. A model takes such a picture for a photograph, so the complaint is kept.
"""

from __future__ import annotations

import importlib.util
from functools import cache

from tf_happywhale.pictures.jpeg_header import read_jpeg_header

REDUCED = 8  # all coded pixels are read, but one in 64 is computed
COLOURS = {1: "GRAY", 3: "GRAY", 4: "CMYK"}  # by components


def complaint(encoded: bytes) -> str:
    """Return a sentence on what libjpeg complains of in a file's bytes. It is empty if there is
    nothing, and for other formats, whose decoders refuse what is damaged.

    This takes a fifth of the time of decoding the whole picture: as long as `read_crops`, about.
    """
    header = read_jpeg_header(encoded)
    if header is None or header.components not in COLOURS:
        return ""
    if not _can_tell():
        return ""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(encoded, COLOURS[header.components], min_factor=REDUCED, strict=True)
    except ValueError as error:
        said = " ".join(str(error).split())[:80]
        return f"Damaged: a part of the picture is missing or wrong ({said}). Copy it again."
    return ""


@cache
def _can_tell() -> bool:
    """Return whether simplejpeg is installed; it may be missing on a machine without a package
    index.
    """
    there = importlib.util.find_spec("simplejpeg") is not None
    if not there:
        print("damaged JPEGs are not noticed: pip install simplejpeg")
    return there
