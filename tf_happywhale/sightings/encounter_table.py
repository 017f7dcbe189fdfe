"""Encounters from time and place, as a person sees them: lines, and a table that can be changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from tf_happywhale.disk.files import write_csv, write_json
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.sightings.encounters import Encounter

FILE = "encounters.csv"
MARK = ".encounters.json"  # beside it: the hash of the table as it was written
LISTED = 20


def encounter_lines(encounters: Sequence[Encounter], photographs: int) -> list[str]:
    """Return lines on encounters: how many there are, and of each when and where it was.

    Args:
        encounters: from time and place.
        photographs: how many there are, those in no encounter included.
    """
    inside = sum(len(encounter.moments) for encounter in encounters)
    lines = [f"encounters from time and place: {inside} photographs are {len(encounters)}"]
    if inside < photographs:
        lines.append(f"  {photographs - inside} photographs say no time: they are in none")
    lines += [f"  {_line(encounter)}" for encounter in encounters[:LISTED]]
    if len(encounters) > LISTED:
        lines.append(f"  … and {len(encounters) - LISTED} more")
    return lines


def encounters_table(encounters: Sequence[Encounter]) -> pd.DataFrame:
    """Return encounters.csv: the encounter of each photograph, with when and where it was taken."""
    names = ("image", "date", "time", "latitude", "longitude", "place", "camera")
    rows = [
        {"encounter": encounter.name, **{name: getattr(moment, name) for name in names}}
        for encounter in encounters
        for moment in encounter.moments
    ]
    return pd.DataFrame(rows, columns=["image", "encounter", *names[1:]], dtype=object)


def write_encounters(folder: Path, encounters: Sequence[Encounter]) -> Path:
    """Write encounters.csv into a folder, and return its path. One that a person has changed is
    never replaced.

    Raises:
        InputError: the file that is there has been changed.
    """
    file, mark = folder / FILE, folder / MARK
    if file.is_file() and sha256(file) != _written(mark):
        raise InputError(
            f"{file} is not as it was written, so somebody may have changed it: use it with "
            f"identify.encounters={file}, or move it away."
        )
    write_csv(file, encounters_table(encounters))
    write_json(mark, {"sha256": sha256(file)})
    return file


def _written(mark: Path) -> str:
    with suppress(OSError, ValueError, TypeError, KeyError):
        return str(json.loads(mark.read_text(encoding="utf-8"))["sha256"])
    return ""


def _line(encounter: Encounter) -> str:
    """Return an encounter in words."""
    first, last, count = encounter.moments[0], encounter.moments[-1], len(encounter.moments)
    parts = [f"{count} photograph{'s' * (count > 1)}"]
    if last is not first:
        other = f"{last.date} " if last.date != first.date else ""
        parts.append(f"to {other}{last.time}")
    if first.place:
        parts.append(first.place)
    elif encounter.places:
        parts.append(" ".join(encounter.places[0]))
    if encounter.across:
        parts.append(f"{encounter.across:.0f} m across")
    return ", ".join([f"{encounter.name}: {parts[0]}", *parts[1:], *filter(None, [first.camera])])
