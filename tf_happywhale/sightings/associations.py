"""Who is seen with whom: the half-weight index between individuals."""

from __future__ import annotations

import numpy as np
import pandas as pd

CHUNK = 50_000  # pairs at a time, so that they need little memory


def association_table(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the half-weight index of each pair that was seen together, the highest first.

    It is x / (x + y + (a + b) / 2): on x days both were seen in one group, on y days both but
    never in one group, on a days only the first, on b days only the second (Cairns and Schwager
    1987, Animal Behaviour 35:1454-1469; a day is the sampling period). As a + x + y is the number
    of days of the first, the index is 2x / (days of the first + days of the second).

    Args:
        groups: see `groups_of`.

    Returns:
        individual_id, other_id, together (x), apart (y), days, other_days, half_weight_index.
    """
    ids = sorted(set(groups["individual_id"]))
    seen, codes = _together(groups, ids)
    pairs, together = np.unique(codes, return_counts=True)
    one, other = pairs // max(len(ids), 1), pairs % max(len(ids), 1)
    count = seen.sum(axis=1)
    both = np.zeros(len(pairs), int)
    for first in range(0, len(pairs), CHUNK):
        part = slice(first, first + CHUNK)
        both[part] = (seen[one[part]] & seen[other[part]]).sum(axis=1)
    found = pd.DataFrame(
        {
            "individual_id": [ids[n] for n in one],
            "other_id": [ids[n] for n in other],
            "together": together,
            "apart": both - together,
            "days": count[one],
            "other_days": count[other],
            "half_weight_index": 2 * together / (count[one] + count[other]),
        }
    )
    order = ["half_weight_index", "together", "individual_id", "other_id"]
    return found.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def _together(groups: pd.DataFrame, ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return on which days each individual was seen, bool [individuals, days], and the pairs of
    each day that shared a group, as first * len(ids) + second, int64 [k]."""
    row = {who: n for n, who in enumerate(ids)}
    seen = np.zeros((len(ids), groups["day"].nunique()), bool)
    codes = [np.zeros(0, np.int64)]
    for number, (_, of_day) in enumerate(groups.groupby("day", sort=True)):
        today = [np.zeros(0, np.int64)]
        for _, members in of_day.groupby("group")["individual_id"]:
            rows = np.array(sorted({row[who] for who in members}), np.int64)
            seen[rows, number] = True
            one, other = np.triu_indices(len(rows), 1)
            today.append(rows[one] * len(ids) + rows[other])
        codes.append(np.unique(np.concatenate(today)))
    return seen, np.concatenate(codes)


def network_layout(pairs: pd.DataFrame, shown: int, rounds: int = 300) -> dict[str, np.ndarray]:
    """Return places of the individuals with the most company, each [2], between 0 and 1.

    Pairs with a high index attract each other, all others repel each other (Fruchterman and
    Reingold 1991, Software: Practice and Experience 21:1129-1164). It begins on a circle, so it is
    the same each time.

    Args:
        pairs: see `association_table`.
        shown: how many individuals at most.
        rounds: how often they are moved.
    """
    parts = [pairs.groupby(name)["together"].sum() for name in ("individual_id", "other_id")]
    company = parts[0].add(parts[1], fill_value=0)
    ids = sorted(company.index, key=lambda who: (-company[who], who))[:shown]
    if not ids:
        return {}
    row = {who: n for n, who in enumerate(ids)}
    weight = np.zeros((len(ids), len(ids)))
    inside = pairs[pairs["individual_id"].isin(ids) & pairs["other_id"].isin(ids)]
    one, other = inside["individual_id"].map(row), inside["other_id"].map(row)
    weight[one, other] = weight[other, one] = inside["half_weight_index"]
    angle = 2 * np.pi * np.arange(len(ids)) / len(ids)
    place = np.stack([np.cos(angle), np.sin(angle)], axis=1) / 2
    ideal = 1 / np.sqrt(len(ids))
    for turn in range(rounds):
        apart = place[:, None] - place[None]
        distance = np.maximum(np.linalg.norm(apart, axis=2), 1e-3)
        force = ideal**2 / distance - weight * distance**2 / ideal
        move = (apart / distance[..., None] * force[..., None]).sum(axis=1) - place * 0.1
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9)
        place += move / length * np.minimum(length, 0.1 * (1 - turn / rounds))
    low, high = place.min(axis=0), place.max(axis=0)
    place = (place - low) / np.where(high > low, high - low, 1)
    return {who: place[n] for who, n in row.items()}
