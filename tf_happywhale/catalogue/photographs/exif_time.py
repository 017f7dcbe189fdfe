"""When a photograph was taken, by its EXIF.

Only DateTimeOriginal counts. DateTime is when the file was last changed, such as by a program that
made it brighter; DateTimeDigitized is when a film was scanned. Both can be years later.
"""

from __future__ import annotations

import datetime
import re

from tf_happywhale.catalogue.photographs.exif_blocks import EXIF_PART, exif_blocks, tags_of

TAKEN = 0x9003  # the tag DateTimeOriginal
WRITTEN = re.compile(
    r"\s*(\d{4})[:/.-](\d\d?)[:/.-](\d\d?)"
    r"(?:[ T]+(?:(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|[ :]*))?\s*",
    re.ASCII,
)
YEARS = range(1900, 2100)
UNSET = (1904, 1970, 1980, 2000)  # a clock that was never set begins on the first of January


def exif_time(encoded: bytes) -> str:
    """Return the text of EXIF's DateTimeOriginal in a file's bytes, as it stands there; empty if
    there is none, or if the EXIF is damaged. JPEG, PNG, WebP, TIFF and HEIC are looked at.
    """
    parts = (tags_of(block).part(EXIF_PART) for block in exif_blocks(encoded))
    return next(filter(None, (part.text(TAKEN) for part in parts)), "")


def when_taken(text: str) -> str:
    """Return a time of EXIF as `2015-05-13 10:22:59`, or its day `2015-05-13` if the time of day is
    blank; empty for anything else: other text, a day that does not exist, and the first of January
    of a clock that was never set (of 1970, 1980, 2000, or any year in its first hour).
    """
    found = WRITTEN.fullmatch(text.split("\0")[0])
    if not found:
        return ""
    year, month, day, *clock = (None if part is None else int(part) for part in found.groups())
    hour, minute, second = clock
    try:
        taken = datetime.datetime(year, month, day, hour or 0, minute or 0, second or 0)
    except ValueError:
        return ""
    unset = year in UNSET or hour == 0
    if year not in YEARS or ((month, day) == (1, 1) and unset):
        return ""
    return str(taken.date() if hour is None else taken)
