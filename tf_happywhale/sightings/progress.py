"""How a catalogue grows: new individuals day by day, and how often each was seen."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from tf_happywhale.sightings.capture_history import CaptureHistory, Chosen
from tf_happywhale.sightings.occasions import day_of


def individual_days(chosen: Chosen) -> pd.DataFrame:
    """Return on which days each individual was seen: individual_id, day; each pair once."""
    table = chosen.table
    days = [day_of(text).isoformat() for text in table["date"]]
    pairs = pd.DataFrame({"individual_id": table["individual_id"].to_numpy(), "day": days})
    return pairs.drop_duplicates().sort_values(["day", "individual_id"]).reset_index(drop=True)


def discovery_table(days: pd.DataFrame) -> pd.DataFrame:
    """Return the discovery curve, a row for each day: day, sightings (individuals seen on it),
    new (of them for the first time), all_sightings, individuals (both: up to this day).

    Args:
        days: see `individual_days`.
    """
    first = ~days.duplicated("individual_id")
    counted = days.assign(new=first).groupby("day")["new"].agg(["size", "sum"])
    return pd.DataFrame(
        {
            "day": counted.index.to_numpy(),
            "sightings": counted["size"].to_numpy(int),
            "new": counted["sum"].to_numpy(int),
            "all_sightings": counted["size"].cumsum().to_numpy(int),
            "individuals": counted["sum"].cumsum().to_numpy(int),
        }
    )


def frequency_table(history: CaptureHistory) -> pd.DataFrame:
    """Return how many individuals were seen on 1, 2, … occasions: occasions, individuals."""
    counts = Counter(history.seen.sum(axis=1).astype(int).tolist())
    most = max(counts, default=0)
    return pd.DataFrame(
        {
            "occasions": range(1, most + 1),
            "individuals": [counts[number] for number in range(1, most + 1)],
        }
    )


def history_table(
    history: CaptureHistory, days: pd.DataFrame, names: dict[str, str]
) -> pd.DataFrame:
    """Return a row for each individual: individual_id, history, occasions (how many), days, first,
    last, and name_in_files where it is another."""
    grouped = days.groupby("individual_id")["day"].agg(["size", "min", "max"])
    grouped = grouped.reindex(list(history.individual_ids))
    return pd.DataFrame(
        {
            "individual_id": history.individual_ids,
            "history": history.texts(),
            "occasions": history.seen.sum(axis=1).astype(int),
            "days": grouped["size"].to_numpy(int),
            "first": grouped["min"].to_numpy(),
            "last": grouped["max"].to_numpy(),
            "name_in_files": [names[who] for who in history.individual_ids],
        }
    )
