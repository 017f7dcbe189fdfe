"""Estimates of each session of a capture history, in sentences and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tf_happywhale.sightings.capture_history import CaptureHistory
from tf_happywhale.sightings.closed_model import Abundance, chapman, estimate_m0, estimate_mt
from tf_happywhale.sightings.occasions import ALL

ASSUMES = (
    "A first look, not a result: it assumes that nobody was born, died, came or left between the "
    "first and the last occasion of a session, that all individuals are equally easy to "
    "photograph, and that every identification is right. Make the estimate with MARK or secr."
)


@dataclass(frozen=True)
class SessionEstimate:
    """What one session says.

    Attributes:
        session: its name; `all` if there is only one.
        history: of the session.
        found: the estimates; none if there is no information.
        why: why there is none.
    """

    session: str
    history: CaptureHistory
    found: tuple[Abundance, ...]
    why: str = ""


def estimate_sessions(history: CaptureHistory) -> list[SessionEstimate]:
    """Return what each session says: Chapman's estimate of two occasions, M0 and Mt of more."""
    found = []
    for name, part in history.sessions().items():
        counts = part.per_occasion
        if sum(count > 0 for count in counts) < 2:
            why = "one occasion says nothing about how many were not seen"
            found.append(SessionEstimate(name, part, (), why))
        elif sum(counts) == len(part):
            why = "nobody was seen on two occasions, so any number is possible"
            found.append(SessionEstimate(name, part, (), why))
        elif len(counts) == 2:
            both = int(part.seen.all(axis=1).sum())
            found.append(SessionEstimate(name, part, (chapman(*counts, both),)))
        else:
            models = (estimate_m0(counts, len(part)), estimate_mt(counts, len(part)))
            found.append(SessionEstimate(name, part, tuple(one for one in models if one)))
    return found


def estimate_lines(estimates: Sequence[SessionEstimate]) -> list[str]:
    """Return a line for each session, and what the estimates assume."""
    lines = []
    for one in estimates:
        start = "" if one.session == ALL else f"{one.session}: "
        seen = f"{len(one.history)} individuals on {len(one.history.occasions)} occasions"
        if not one.found:
            lines.append(f"{start}{seen}; no estimate: {one.why}.")
            continue
        numbers = ", ".join(
            f"{found.model} {found.estimate:.0f} ({found.low:.0f} to {found.high:.0f})"
            for found in one.found
        )
        lines.append(f"{start}{seen}; abundance {numbers}.")
    return [*lines, ASSUMES] if any(one.found for one in estimates) else lines


def estimates_table(estimates: Sequence[SessionEstimate]) -> pd.DataFrame:
    """Return a table of the estimates: session, model, occasions, individuals, estimate, standard
    error, and 95% interval."""
    rows = [
        {
            "session": one.session,
            "model": found.model,
            "occasions": len(one.history.occasions),
            "individuals": found.individuals,
            "estimate": f"{found.estimate:.1f}",
            "standard_error": f"{found.error:.1f}",
            "low": f"{found.low:.1f}",
            "high": f"{found.high:.1f}",
        }
        for one in estimates
        for found in one.found
    ]
    columns = ["session", "model", "occasions", "individuals", "estimate", "standard_error",
               "low", "high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype(str)
