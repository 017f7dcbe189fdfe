"""Times of day as people and cameras write them, in one form: `10:22:59` or `10:22:59+02:00`."""

from __future__ import annotations

import re

from tf_happywhale.errors import InputError

CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<second>:\d\d)?(?:[.,]\d+)?"
    r"\s*(?P<half>[aApP]\.?[mM]\.?)?\s*(?P<offset>Z|UTC|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
FARTHEST = 14  # hours that a place's time may differ from UTC


def iso_clock(text: str) -> str:
    """A time of day as `10:22` or `10:22:59`, with its offset behind it if it has one; empty if it
    is none. `2:30 pm` becomes `14:30`; fractions of a second are left out."""
    found = CLOCK.fullmatch(text.strip())
    if not found:
        return ""
    hour, minute, second = int(found["hour"]), int(found["minute"]), found["second"] or ""
    if found["half"]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + 12 * (found["half"][0] in "pP")
    offset = _offset(found["offset"])
    if hour > 23 or minute > 59 or int(second[1:] or 0) > 59 or offset is None:
        return ""
    return f"{hour:02}:{minute:02}{second}{offset}"


def iso_offset(text: str) -> str:
    """An offset from UTC as `+02:00`; empty if it is none."""
    return _offset(text.strip()) or ""


def checked_clock(text: str, name: str) -> str:
    """A cell of the column time in one form; empty if it is blank.

    Args:
        text: the cell.
        name: what it is, in words that begin a sentence: `Line 3 of train.csv`.

    Raises:
        InputError: it is not a time of day.
    """
    if not text.strip():
        return ""
    clock = iso_clock(text)
    if not clock:
        raise InputError(
            f"{name} has the time {text.strip()[:80]!r}, which is not a time of day: write it as "
            "10:22, 10:22:59 or 10:22:59+02:00."
        )
    return clock


def _offset(text: str | None) -> str | None:
    """An offset as `+02:00`, empty for none, None if it does not exist."""
    if not text:
        return ""
    if text in ("Z", "UTC"):
        return "+00:00"
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", text, re.ASCII)
    if not found:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    if minutes > 59 or hours * 60 + minutes > FARTHEST * 60:
        return None
    return f"{found[1]}{hours:02}:{minutes:02}"
