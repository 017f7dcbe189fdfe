"""Everything that `history` says of a table of sightings, as numbers and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.identities import lookalike_warnings
from tf_happywhale.config.history import History
from tf_happywhale.errors import InputError
from tf_happywhale.sightings.associations import association_table
from tf_happywhale.sightings.calendar_table import Calendar, calendar_of
from tf_happywhale.sightings.capture_history import (
    FILTERS,
    CaptureHistory,
    Chosen,
    capture_history,
    choose,
    sides_sentence,
)
from tf_happywhale.sightings.estimates import SessionEstimate, estimate_lines, estimate_sessions
from tf_happywhale.sightings.formats.plain_names import plain_names
from tf_happywhale.sightings.groups import group_by, groups_of
from tf_happywhale.sightings.missed_matches import MissedShare, bias_lines
from tf_happywhale.sightings.occasions import (
    ALL,
    Occasion,
    day_of,
    occasion_numbers,
    occasions_of,
    read_intervals,
    seasons_in_words,
)
from tf_happywhale.sightings.places import Located, located, residence_table
from tf_happywhale.sightings.progress import individual_days

SPLIT_BEFORE = (
    "An animal that was split in an earlier session can be seen under both ids in a later one, "
    "which comes on top of this."
)


@dataclass(frozen=True)
class Survey:
    """What was seen.

    Attributes:
        chosen: the sightings that count.
        history: on which occasions each individual was seen.
        names: what each individual is called in files that cannot have its id.
        days: on which days each individual was seen, see `individual_days`.
        groups: who was seen together, see `groups_of`; `group`: what makes a group.
        located, residence: where; see `located` and `residence_table`.
        detectors: where anything was photographed on an occasion, before anything is left out: a
            place where nobody counts was visited too.
        pairs: see `association_table`.
        calendar: see `calendar_of`.
        estimates: of each session.
        notes: sentences on what counts, what does not, and what it means.
    """

    chosen: Chosen
    history: CaptureHistory
    names: dict[str, str]
    days: pd.DataFrame
    groups: pd.DataFrame
    group: str
    located: Located
    detectors: Located
    residence: pd.DataFrame
    pairs: pd.DataFrame
    calendar: Calendar
    estimates: tuple[SessionEstimate, ...]
    notes: tuple[str, ...]


def survey_of(
    table: pd.DataFrame,
    settings: History,
    missed: Callable[[], MissedShare | None] = lambda: None,
) -> Survey:
    """Return what a table of sightings says.

    Args:
        table: see `read_sightings`.
        settings: the config's section.
        missed: gives the share of matches that is missed; None if it is not known. It is called
            after the sightings are checked, since it may take a while.

    Raises:
        InputError: nothing counts, or a value is named that no sighting has.
    """
    occasions = survey_occasions(table, settings)
    chosen = choose(table, occasions, {name: getattr(settings, name) for name in FILTERS})
    _check_any(chosen)
    history = capture_history(chosen, occasions)
    group = group_by(chosen, settings.group)
    groups, group_lines = groups_of(chosen, group)
    days = individual_days(chosen)
    estimates = estimate_sessions(history)
    sides = sides_sentence(chosen)
    return Survey(
        chosen=chosen,
        history=history,
        names=plain_names(history.individual_ids),
        days=days,
        groups=groups,
        group=group,
        located=located(chosen.table),
        detectors=located(_on_occasions(table, occasions)),
        residence=residence_table(chosen.table),
        pairs=association_table(groups),
        calendar=calendar_of(days),
        estimates=tuple(estimates),
        notes=(
            *chosen.lines(),
            _in_words(settings, history),
            *estimate_lines(estimates),
            *_all_bias(estimates, missed),
            *([sides] if sides else []),
            *group_lines,
            *_lookalike_lines(chosen.table),
        ),
    )


def survey_occasions(table: pd.DataFrame, settings: History) -> list[Occasion]:
    """Return the occasions of a table of sightings; arguments and errors: see `survey_of`."""
    if settings.by == "intervals":
        return read_intervals(Path(settings.intervals).expanduser())
    days = [day_of(text) for text in table["date"]]
    return occasions_of(days, settings.by, settings.seasons, settings.session)


def _on_occasions(table: pd.DataFrame, occasions: list[Occasion]) -> pd.DataFrame:
    numbers = occasion_numbers([day_of(text) for text in table["date"]], occasions)
    return table[[number is not None for number in numbers]]


def _lookalike_lines(table: pd.DataFrame) -> list[str]:
    """Return sentences on places and encounters of which a person may have meant one."""
    return [
        line
        for what in ("place", "encounter")
        for line in lookalike_warnings(set(table[what]) - {""}, f"column {what}", f"{what}s")
    ]


def _check_any(chosen: Chosen) -> None:
    if chosen.table.empty:
        reasons = "; ".join(one.strip() for one in chosen.lines() if "left out:" in one)
        raise InputError(
            f"No photograph counts ({reasons or 'there is none'}): give the catalogue a column "
            "date, or change the settings of history."
        )


def _all_bias(
    estimates: list[SessionEstimate], missed: Callable[[], MissedShare | None]
) -> list[str]:
    """Return what missed matches mean for the estimates of all sessions, each sentence once."""
    lines = [line for one in estimates for line in _bias(one, missed)]
    if lines and len(estimates) > 1:
        lines.append(SPLIT_BEFORE)
    return list(dict.fromkeys(lines))


def _bias(one: SessionEstimate, missed: Callable[[], MissedShare | None]) -> list[str]:
    """Return what missed matches mean for one session's estimate."""
    if not one.found:
        return []
    lines = bias_lines(one.history.per_occasion, len(one.history), missed())
    return (
        lines if one.session == ALL else [*lines[:1], *(f"{one.session}: {x}" for x in lines[1:])]
    )


def _in_words(settings: History, history: CaptureHistory) -> str:
    """Return what an occasion is, and what a session is."""
    what = {
        "day": "a day with photographs",
        "month": "a month with photographs",
        "season": f"a season with photographs ({seasons_in_words(settings.seasons)})",
        "intervals": f"an interval of {settings.intervals}",
    }[settings.by]
    sessions = len({occasion.session for occasion in history.occasions})
    closed = f", in {sessions} sessions" if sessions > 1 else ""
    return f"An occasion is {what}: there are {len(history.occasions)}{closed}."
