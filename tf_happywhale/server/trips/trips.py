"""Trips: photographs that are identified together, and how far the work on them is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from sqlite3 import Row
from typing import Any

from tf_happywhale.disk.files import shown
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.store import in_iso, now
from tf_happywhale.server.jobs.jobs import UNFINISHED
from tf_happywhale.server.requests.answers import contradiction, missing
from tf_happywhale.server.trips.predictions import count_animals_found

PHOTOGRAPHS, FOUND, LOST = "photographs", "found", ".removed"
IDENTIFY, ADD = "identify", "add"  # kinds of jobs
LONGEST = 100  # characters of a name


def make_trip(home: Home, name: str) -> str:
    """Make a trip, and return its id."""
    name = " ".join(name.split())[:LONGEST] or "Trip"
    with home.store.changing() as db:
        number = db.execute("insert into trips (name, made) values (?, ?)", (name, now())).lastrowid
        trip = f"t{number}"
        db.execute("update trips set id = ? where number = ?", (trip, number))
        (home.trip(trip) / PHOTOGRAPHS).mkdir(parents=True, exist_ok=True)
    return trip


def find_trip(home: Home, trip: str) -> Row:
    """Return a trip's row; 404 if there is none."""
    row = home.store.row("select * from trips where id = ?", trip)
    if row is None:
        raise missing(f"trip {trip[:40]}")
    return row


def remove_trip(home: Home, trip: str) -> None:
    """Remove a trip of which nothing was decided.

    Raises:
        HTTPException: 409, somebody has decided on it, or a job of it has not ended.
    """
    find_trip(home, trip)
    folder, lost = home.trip(trip), home.uploads / f"{trip}-removed"
    with home.store.changing() as db:
        if db.execute("select 1 from decisions where trip = ?", (trip,)).fetchone():
            raise contradiction("Somebody has decided on this trip: it stays.")
        unfinished = f"select 1 from jobs where trip = ? and state in {UNFINISHED}"
        if db.execute(unfinished, (trip,)).fetchone():
            raise contradiction("A job of this trip has not ended: stop it first.")
        for table in ("photographs", "left_out", "jobs"):
            db.execute(f"delete from {table} where trip = ?", (trip,))
        db.execute("delete from trips where id = ?", (trip,))
        if folder.is_dir():
            folder.rename(lost)
    shutil.rmtree(lost, ignore_errors=True)


def names_of(home: Home, trip: str) -> list[str]:
    """Return the names of a trip's photographs, in order."""
    folder = home.trip(trip) / PHOTOGRAPHS
    return [path.name for path in shown(folder.iterdir())] if folder.is_dir() else []


def shown_trips(home: Home) -> list[dict[str, Any]]:
    """Return all trips as they are shown, the last one first."""
    rows = home.store.rows("select * from trips order by number desc")
    return [shown_trip(home, row) for row in rows]


def shown_trip(home: Home, row: Row) -> dict[str, Any]:
    """Return a trip as it is shown in a list."""
    trip, store = row["id"], home.store
    photographs = len(names_of(home, trip))
    jobs = store.rows(
        "select kind, state, error, after from jobs where trip = ? and kind in (?, ?) "
        "order by coalesce(ended, 1e18), id",
        trip, IDENTIFY, ADD,
    )  # fmt: skip
    decided = store.row(
        "select count(*) from decisions d where trip = ? and made is not null and n = "
        "(select max(n) from decisions where trip = d.trip and key = d.key)",
        trip,
    )[0]
    return {
        "id": trip,
        "name": row["name"],
        "made": in_iso(row["made"]),
        "photographs": photographs,
        "left_out": store.row("select count(*) from left_out where trip = ?", trip)[0],
        "state": trip_state(photographs, jobs, last_decision(home, trip)),
        "decided": decided,
        "animals": count_animals_found(home.trip(trip) / FOUND / "predictions.csv"),
        "problem": problem_of(jobs),
    }


def trip_state(photographs: int, jobs: Iterable[Row | dict], last: int) -> str:
    """Return how far a trip is: empty, photographs, identifying, to_review or added.

    Args:
        photographs: how many it has.
        jobs: `identify` and `add` of it, in the order in which they ended; unfinished ones last.
        last: the number of the last decision on it.
    """
    state = "photographs" if photographs else "empty"
    for job in jobs:
        if job["kind"] == IDENTIFY and job["state"] in UNFINISHED:
            return "identifying"
        if job["state"] == "done" and job["kind"] == IDENTIFY:
            state = "to_review"
        elif job["state"] == "done":
            state = "added" if (job["after"] or 0) >= last else "to_review"
    return state


def problem_of(jobs: Iterable[Row | dict]) -> str | None:
    """Return what is to be said of the job that ended last: why it failed, or what it left out."""
    ended = [job for job in jobs if job["state"] not in UNFINISHED]
    return (ended[-1]["error"] or None) if ended else None


def last_decision(home: Home, trip: str) -> int:
    """Return the number of the last decision on a trip; 0 without any."""
    return home.store.row("select max(n) from decisions where trip = ?", trip)[0] or 0
