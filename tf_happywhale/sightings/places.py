"""The places of a survey, where they lie, and who was seen there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tf_happywhale.sightings.local_metres import Plane, plane_of

FARTHEST = 3_000_000  # metres from the middle: there lengths are too large by 11%


@dataclass(frozen=True)
class Place:
    """A place: its name, and its metres to the east and the north of the survey's middle."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Located:
    """Where sightings were.

    Attributes:
        plane: how metres were made; None if no sighting has coordinates, or if they are too far
            apart for a plane.
        rows: the sightings with coordinates, by their index in the table.
        metres: float64 [rows, 2].
        places: the places that have coordinates, by name; each lies where its sightings lie on
            average.
        too_far: why there is no plane though there are coordinates, in words.
    """

    plane: Plane | None
    rows: pd.Index
    metres: np.ndarray
    places: tuple[Place, ...]
    too_far: str = ""


def located(table: pd.DataFrame) -> Located:
    """Return where sightings were; `table`: see `read_sightings`."""
    numbers = {
        name: pd.to_numeric(table[name], errors="coerce") for name in ("latitude", "longitude")
    }
    known = numbers["latitude"].notna() & numbers["longitude"].notna()
    rows = table.index[known]
    if not len(rows):
        return _nowhere(table)
    latitude, longitude = (numbers[name][known].to_numpy(float) for name in numbers)
    points = np.stack([latitude, longitude], axis=1)
    plane = plane_of(*np.unique(points, axis=0).T)  # photographs in a row weigh as one
    metres = plane.metres(latitude, longitude)
    apart = np.abs(metres).max(axis=1)
    if not (apart <= FARTHEST).all():
        north, east = points[apart.argmax()]
        return _nowhere(
            table,
            f"photographs are too far apart for one plane, such as one at {north:g}, {east:g}; "
            "correct it if it is wrong (0, 0 is a camera that found no place)",
        )
    names = table["place"][known].to_numpy(str)
    places = []
    for name in sorted(set(names.tolist()) - {""}):
        x, y = np.unique(metres[names == name], axis=0).mean(axis=0)
        places.append(Place(name, float(x), float(y)))
    return Located(plane, rows, metres, tuple(places))


def _nowhere(table: pd.DataFrame, too_far: str = "") -> Located:
    return Located(None, table.index[:0], np.zeros((0, 2)), (), too_far)


def residence_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return at which places each individual was seen: individual_id, place, days, first, last.

    Sightings without a place are not in it. The individual's commonest place comes first.
    """
    known = table[table["place"] != ""].assign(day=table["date"].str[:10])
    if known.empty:
        return pd.DataFrame(columns=["individual_id", "place", "days", "first", "last"], dtype=str)
    grouped = known.groupby(["individual_id", "place"])["day"]
    found = grouped.agg(days="nunique", first="min", last="max").reset_index()
    found = found.sort_values(["individual_id", "days", "place"], ascending=[True, False, True])
    return found.assign(days=found["days"].astype(str)).reset_index(drop=True)
