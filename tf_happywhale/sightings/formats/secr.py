"""Captures and detectors for the R package secr, whose places of photographs stand for detectors.

A line of the captures is `session id occasion detector`, a line of the detectors `detector x y`
with coordinates in metres; lines that begin with # are not read. Names have no spaces, tabs or
commas, and those of detectors no underscore (Efford, Data input for secr, vignette
secr-datainput). Occasions are numbered from 1 in each session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tf_happywhale.sightings.capture_history import Chosen
from tf_happywhale.sightings.formats.plain_names import plain_names
from tf_happywhale.sightings.occasions import Occasion
from tf_happywhale.sightings.places import Place


@dataclass(frozen=True)
class SecrFiles:
    """The two files.

    Attributes:
        captures, traps: their text.
        left_out: how many sightings are not in them, since their place has no coordinates.
    """

    captures: str
    traps: str
    left_out: int


def detector_names(places: Sequence[Place]) -> dict[str, str]:
    """Return what each place is called as a detector."""
    return plain_names([place.name for place in places], kept=".-")


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
    sessions = plain_names([occasion.session for occasion in occasions])
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
    return SecrFiles("\n".join(captures) + "\n", "\n".join(traps) + "\n", len(table) - len(located))
