"""Jobs in the database: each is one of the package's commands, such as `identify …`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from sqlite3 import Connection, Row
from typing import Any

from tf_happywhale.commands import COMMANDS
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.store import Store, in_iso, now
from tf_happywhale.server.jobs.job_log import read_log
from tf_happywhale.server.requests.answers import contradiction, missing

UNFINISHED = ("waiting", "running")
LAST = 5  # finished jobs that are shown


def add_job(
    store: Store,
    kind: str,
    words: Sequence[str],
    trip: str | None = None,
    by: str = "",
    after: int | None = None,
) -> int:
    """Add a job, which runs when those before it have ended, and return its id.

    Args:
        store: the database.
        kind: what it is for people, such as `identify` or `gallery`.
        words: a command and its words, such as `["gallery", "build", …]`, or a module of this
            room that is run so, such as `server.NAME`.
        trip: the trip that it is about.
        by: who asked for it.
        after: the last decision that it takes in.
    """
    with store.changing() as db:
        job = put_job(db, kind, words, trip, by, after)
    store.job_waits.set()
    return job


def put_job(
    db: Connection,
    kind: str,
    words: Sequence[str],
    trip: str | None = None,
    by: str = "",
    after: int | None = None,
) -> int:
    """Do what `add_job` does, in a change that is under way. Set `store.job_waits` after it."""
    if words[0] not in COMMANDS and not words[0].startswith("server."):
        raise ValueError(f"{words[0]} is no command")
    return db.execute(
        "insert into jobs (kind, trip, words, state, made, by, after) "
        "values (?, ?, ?, 'waiting', ?, ?, ?)",
        (kind, trip, json.dumps(list(words)), now(), by, after),
    ).lastrowid


def refuse_second(store: Store, kinds: Sequence[str], trip: str | None = None) -> None:
    """Raise 409 if a job of these kinds, of this trip, is unfinished."""
    marks = ", ".join("?" * len(kinds))
    job = store.row(
        f"select id, kind from jobs where state in {UNFINISHED} and kind in ({marks}) "
        "and (? is null or trip = ?)",
        *kinds, trip, trip,
    )  # fmt: skip
    if job is not None:
        raise contradiction(f"Job {job['id']} ({job['kind']}) has not ended: wait, or stop it.")


def find_job(store: Store, job: int) -> Row:
    """Return a job's row; 404 if there is none."""
    row = store.row("select * from jobs where id = ?", job) if 0 < job < 2**63 else None
    if row is None:
        raise missing(f"job {job}")
    return row


def shown_jobs(home: Home) -> list[dict[str, Any]]:
    """Return the unfinished jobs, the last ones that ended, and the last one of each kind of each
    trip, as they are shown."""
    rows = home.store.rows(
        f"select * from jobs where state in {UNFINISHED} or id in (select id from jobs "
        f"where state not in {UNFINISHED} order by ended desc, id desc limit {LAST}) or id in "
        "(select max(id) from jobs where trip is not null group by trip, kind) order by id"
    )
    return [shown_job(home, row) for row in rows]


def shown_job(home: Home, row: Row) -> dict[str, Any]:
    """Return a job as it is shown, with how far it is."""
    names = ("id", "kind", "trip", "state", "percent", "line", "error", "exit", "by")
    shown = {name: row[name] for name in names} | {"seconds_left": None}
    shown |= {name: in_iso(row[name]) for name in ("made", "started", "ended")}
    if row["state"] == "running":
        log = read_log(home.log(row["id"]))
        shown |= {"percent": log.percent, "line": log.line, "seconds_left": log.seconds_left}
    return shown
