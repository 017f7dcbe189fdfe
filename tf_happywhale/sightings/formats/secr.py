"""Captures and detectors for the R package secr, whose places of photographs stand for detectors.

A line of the captures is `session id occasion detector`, a line of the detectors `detector x y`
with coordinates in metres; lines that begin with # are not read. Names have no spaces, tabs or
commas, and those of detectors no underscore (Efford, Data input for secr, vignette
secr-datainput). Occasions are numbered from 1 in each session.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tf_happywhale.sightings.capture_history import Chosen
from tf_happywhale.sightings.formats.plain_names import plain_names
from tf_happywhale.sightings.occasions import Occasion
from tf_happywhale.sightings.places import Place

YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class SecrFiles:
    """The two files.

    Attributes:
        captures, traps: their text.
        left_out: how many sightings are not in them, since their place has no coordinates.
        occasions: how many each session in them has, in the order in which secr takes sessions.
    """

    captures: str
    traps: str
    left_out: int
    occasions: tuple[int, ...]


def detector_names(places: Sequence[Place]) -> dict[str, str]:
    """Return what each place is called as a detector."""
    return plain_names([place.name for place in places], kept=".-")


def session_names(occasions: Sequence[Occasion]) -> dict[str, str]:
    """Return what each session is called. secr takes sessions in the order of their names, which R
    sorts by the language of the computer. So each has its number in front, unless all are years."""
    sessions = list(dict.fromkeys(occasion.session for occasion in occasions))
    if len(sessions) == 1 or (all(map(YEAR.fullmatch, sessions)) and sessions == sorted(sessions)):
        return plain_names(sessions)
    width = len(str(len(sessions)))
    return {
        session: f"{number:0{width}}-{plain_names([session])[session]}"
        for number, session in enumerate(sessions, start=1)
    }


def numbered_sentence(names: Mapping[str, str], file: str) -> str:
    """Return a sentence on sessions that a file has otherwise; empty if there is none."""
    changed = [(name, plain) for name, plain in names.items() if name != plain]
    if not changed:
        return ""
    return (
        f"secr sorts sessions by their names, so {file} has numbers in front of them, such as "
        f"{changed[0][1]} for {changed[0][0][:40]!r}; names.csv has all of them."
    )


def secr_files(
    chosen: Chosen,
    occasions: Sequence[Occasion],
    places: Sequence[Place],
    names: Mapping[str, str],
) -> SecrFiles:
    """Return the captures and the detectors.

    Args:
        chosen: the sightings that count.
        occasions: of the survey.
        places: with coordinates in metres.
        names: what each individual is called, see `plain_names`.
    """
    detectors = detector_names(places)
    sessions = session_names(occasions)
    number: dict[int, int] = {}
    for n, occasion in enumerate(occasions):
        before = sum(one.session == occasion.session for one in occasions[:n])
        number[n] = before + 1
    table = chosen.table
    located = table[table["place"].isin(list(detectors))]
    rows = sorted(
        {
            (occasion, names[who], detectors[place])
            for occasion, who, place in zip(
                located["occasion"], located["individual_id"], located["place"], strict=True
            )
        }
    )
    captures = ["# Session ID Occasion Detector"]
    for occasion, who, detector in rows:
        session = sessions[occasions[occasion].session]
        captures.append(f"{session} {who} {number[occasion]} {detector}")
    traps = ["# Detector X Y"]
    traps += [f"{detectors[place.name]} {place.x:.1f} {place.y:.1f}" for place in places]
    there = {occasions[occasion].session for occasion, _, _ in rows}
    counts = Counter(one.session for one in occasions if one.session in there)
    return SecrFiles(
        "\n".join(captures) + "\n",
        "\n".join(traps) + "\n",
        len(table) - len(located),
        tuple(counts.values()),
    )
