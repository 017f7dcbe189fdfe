"""Times with their offset from UTC, which some formats require."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo

from tf_happywhale.errors import InputError

OFFSET = re.compile(r"[+-]\d\d:\d\d")


def with_offset(day: str, time: str, timezone: str | None, name: str) -> str:
    """A moment as ISO 8601 with seconds and offset: `2021-04-03T10:22:59+02:00`.

    Args:
        day: ISO text.
        time: of the day, with or without an offset.
        timezone: where times without an offset were taken: `+02:00` or `Europe/Oslo`.
        name: the photograph, for errors.

    Raises:
        InputError: there is no offset and no time zone, no such zone, or the clock was set back
            over this time, which then came twice.
    """
    clock, offset = (time[:-6], time[-6:]) if OFFSET.fullmatch(time[-6:]) else (time, "")
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    if not offset:
        offset = _offset_there(f"{day}T{clock}", timezone, name)
    return f"{day}T{clock}{offset}"


def _offset_there(moment: str, timezone: str | None, name: str) -> str:
    if timezone is None:
        raise InputError(
            f"{name} was taken at {moment[11:]} of an unknown time zone: set exchange.timezone to "
            "where that was, such as Europe/Oslo or +02:00."
        )
    if OFFSET.fullmatch(timezone):
        return timezone
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"exchange.timezone is {timezone[:80]!r}, which is no time zone: write it as "
            "Europe/Oslo or +02:00."
        ) from None
    local = datetime.datetime.fromisoformat(moment).replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise InputError(
            f"{name} was taken at {moment}, which came twice or never in {timezone}, where the "
            "clocks were changed: write the offset behind its time, as 02:30:00+02:00."
        )
    return local.isoformat()[-6:]
