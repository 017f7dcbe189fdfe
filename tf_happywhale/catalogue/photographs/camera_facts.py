"""What a camera says of a photograph by EXIF: when and where it was taken, and with what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from tf_happywhale.catalogue.photographs.exif_blocks import (
    EXIF_PART,
    GPS_PART,
    Tags,
    exif_blocks,
    tags_of,
)
from tf_happywhale.catalogue.photographs.exif_time import TAKEN, when_taken
from tf_happywhale.catalogue.tables.clock_times import iso_offset

MAKE, MODEL = 0x010F, 0x0110
OFFSET, LENS = 0x9011, 0xA434  # OffsetTimeOriginal and LensModel, in the EXIF part
LATITUDE, LONGITUDE, STATUS = 2, 4, 9  # in the GPS part; one less is the hemisphere
NO_FIX = "V"  # the status of a receiver that has not found its place
OWN_OFFSET = re.compile(r"\d(Z|[+-]\d\d:?\d\d)\s*$", re.ASCII)


@dataclass(frozen=True)
class CameraFacts:
    """What a camera says of a photograph, as text; empty where it says nothing.

    Attributes:
        taken: DateTimeOriginal as it stands there.
        offset: of that time from UTC, `+02:00`.
        latitude, longitude: decimal degrees.
        camera: make and model.
        lens: its model.
    """

    taken: str = ""
    offset: str = ""
    latitude: str = ""
    longitude: str = ""
    camera: str = ""
    lens: str = ""

    @property
    def date(self) -> str:
        """When it was taken, as `2015-05-13 10:22:59`; see `when_taken`."""
        return when_taken(self.taken)

    @property
    def time(self) -> str:
        """The time of day with its offset, as `10:22:59+02:00`."""
        clock = self.date.partition(" ")[2]
        return clock and clock + self.offset


COUNT = len(fields(CameraFacts))


def camera_facts(encoded: bytes) -> CameraFacts:
    """Return what the EXIF of a file's bytes says. Of several blocks the first that says something
    counts. Damaged EXIF says nothing."""
    told = [astuple(_facts_in(tags_of(block))) for block in exif_blocks(encoded)]
    firsts = [next(filter(None, cells), "") for cells in zip(*told, strict=True)]
    return CameraFacts(*firsts)


def facts_as_texts(encoded: bytes) -> Sequence[str]:
    """Return the facts of a file's bytes as `ContentHashes` remembers them."""
    return astuple(camera_facts(encoded))


def _facts_in(tags: Tags) -> CameraFacts:
    exif, gps = tags.part(EXIF_PART), tags.part(GPS_PART)
    taken = exif.text(TAKEN)
    own = OWN_OFFSET.search(taken)
    latitude, longitude = _place(gps)
    return CameraFacts(
        taken=taken,
        offset=iso_offset(exif.text(OFFSET)) or iso_offset(own[1] if own else ""),
        latitude=latitude,
        longitude=longitude,
        camera=_camera(_plain(tags.text(MAKE)), _plain(tags.text(MODEL))),
        lens=_plain(exif.text(LENS)),
    )


def _place(gps: Tags) -> tuple[str, str]:
    """Return latitude and longitude; empty without both, and where the receiver found no place: it
    says so, a number is divided by zero, or both are zero."""
    if gps.text(STATUS).strip().upper() == NO_FIX:
        return "", ""
    latitude = _degrees(gps, LATITUDE, "NS", 90)
    longitude = _degrees(gps, LONGITUDE, "EW", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return "", ""
    return f"{latitude:.6f}", f"{longitude:.6f}"


def _degrees(gps: Tags, tag: int, letters: str, largest: float) -> float | None:
    parts, letter = gps.rationals(tag, 3), gps.text(tag - 1).strip().upper()
    if not parts or letter not in (*letters,) or max(parts[1:]) > 60:
        return None
    value = parts[0] + parts[1] / 60 + parts[2] / 3600
    return None if value > largest else -value if letter == letters[1] else value


def _camera(make: str, model: str) -> str:
    """Return make and model in few words: `NIKON D5100`, not `NIKON CORPORATION NIKON D5100`."""
    first = make.split()[:1]
    named = not model or not first or model.casefold().startswith(first[0].casefold())
    return model or make if named else f"{make} {model}"


def _plain(text: str) -> str:
    """Return a text on one line, without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
