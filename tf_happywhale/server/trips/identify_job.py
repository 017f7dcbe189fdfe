"""The job that identifies a trip's photographs, and the one that adds what was decided."""

from __future__ import annotations

from collections.abc import Mapping

from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.server.home.home import MODEL, NOTHING, Home
from tf_happywhale.server.jobs.jobs import add_job, refuse_second
from tf_happywhale.server.requests.answers import contradiction
from tf_happywhale.server.trips.decision_table import write_decisions, write_groups
from tf_happywhale.server.trips.trips import (
    ADD,
    FOUND,
    IDENTIFY,
    PHOTOGRAPHS,
    last_decision,
    names_of,
)

# Settings that a page may send: none of them names a file.
ALLOWED = {
    "identify.animals", "identify.encounters", "identify.encounter_distance",
    "identify.encounter_gap", "identify.groups", "identify.min_confidence", "identify.only",
    "identify.sides", "identify.viewpoint", "rank.candidates",
}  # fmt: skip
WORDS = {
    "identify.encounters": ("time", "null"),
    "identify.viewpoint": ("left", "right", "dorsal", "ventral", "front", "back", "null"),
}


def identify_trip(home: Home, trip: str, settings: Mapping[str, str], by: str = "") -> int:
    """Add the job that identifies a trip, and return its id.

    Raises:
        HTTPException: 409, it has no photographs, or such a job has not ended.
        HappywhaleError: a setting is not allowed, or wrong.
    """
    if not names_of(home, trip):
        raise contradiction("The trip has no photographs yet: add some.")
    refuse_second(home.store, [IDENTIFY, ADD], trip)
    folder, groups = home.trip(trip), home.trip(trip) / "groups_decided.csv"
    kept = write_groups(home.store, trip, groups)
    words = [
        *places(home),
        str(folder / PHOTOGRAPHS),
        *common_settings(home, trip),
        *boxes_setting(home, trip),
        *catalogue_setting(home),
        *([f"identify.decisions={groups}"] if kept else []),
        *checked_settings(settings),
    ]
    return add_job(home.store, IDENTIFY, ["identify", *words], trip, by)


def add_trip(home: Home, trip: str, by: str = "") -> int:
    """Add the job that adds what was decided on a trip, and return its id.

    Raises:
        HTTPException: 409, nothing was decided or identified, or a job of it has not ended.
    """
    folder = home.trip(trip)
    refuse_second(home.store, [IDENTIFY, ADD], trip)
    if not (folder / FOUND / "queries.npz").is_file():
        raise contradiction("The trip is not identified yet.")
    last = last_decision(home, trip)
    table = folder / "decisions.csv"
    if not write_decisions(home.store, trip, table):
        raise contradiction("Nothing is decided on this trip yet.")
    to = home.gallery if home.has_gallery else home.catalogue or home.folder / "catalogue"
    there = f"identify.photographs={folder / PHOTOGRAPHS}"
    words = ["gallery", "add", str(to), str(table), *common_settings(home, trip), there]
    return add_job(home.store, ADD, words, trip, by, after=last)


def places(home: Home) -> list[str]:
    """Return the words [MODEL] GALLERY of `identify`. A gallery has its own model."""
    if home.has_gallery:
        return [str(home.gallery)]
    model = home.store.setting(MODEL)
    return [*([model] if model else []), str(home.catalogue or NOTHING)]


def common_settings(home: Home, trip: str) -> list[str]:
    """Return the settings of both jobs."""
    return [f"output={home.trip(trip) / FOUND}", f"identify.cache={home.embedded}"]


def boxes_setting(home: Home, trip: str) -> list[str]:
    """Return the setting that lets `identify` use a trip's boxes; none if there are none to use."""
    from tf_happywhale.server.catalogue.box_source import sources_read
    from tf_happywhale.server.trips.trip_boxes import boxes_word

    return boxes_word(home.trip(trip), sources_read(home))


def catalogue_setting(home: Home) -> list[str]:
    """Return the setting that says which boxes of the catalogue count, if there is no gallery that
    says it."""
    from tf_happywhale.server.catalogue.box_source import source_setting

    return [] if home.has_gallery else source_setting(home, home.store.setting(MODEL))


def checked_settings(settings: Mapping[str, str]) -> list[str]:
    """Return settings as words of a command.

    Raises:
        HappywhaleError: one is not allowed, or has a wrong value.
    """
    words = []
    for key, value in settings.items():
        if key not in ALLOWED:
            raise InputError(f"{key[:80]} cannot be set here: {', '.join(sorted(ALLOWED))} can.")
        if value not in WORDS.get(key, (value,)):
            raise InputError(f"{key} is {value[:80]!r}: set it to {', '.join(WORDS[key])}.")
        words.append(f"{key}={value}")
    load_experiment(None, words)
    return words
