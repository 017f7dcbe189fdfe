"""What a decoder complains of in a JPEG that it reads all the same.

Of a file that was copied or saved badly it shows the rows before the fault, and grey or something
else behind it. Such a picture looks like a photograph to a model, so that the complaint is kept.
"""

from __future__ import annotations

import importlib.util
from functools import cache

from tf_happywhale.records.jpeg_header import read_jpeg_header

REDUCED = 8  # the coded pixels are walked through as a whole, but few are computed
COLOURS = {1: "GRAY", 3: "GRAY", 4: "CMYK"}  # by components


def complaint(encoded: bytes) -> str:
    """What libjpeg complains of in a file's bytes, as a sentence; empty where there is nothing, and
    for other formats, whose decoders refuse what is damaged.

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
    """Whether simplejpeg is there, which may lack on a machine without a package index."""
    there = importlib.util.find_spec("simplejpeg") is not None
    if not there:
        print("damaged JPEGs are not noticed: pip install simplejpeg")
    return there
