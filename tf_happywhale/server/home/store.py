"""The database of a home folder: trips, jobs, decisions and settings.

It is SQLite with a write-ahead log, synchronised at each commit: what was answered is on the disk.
The catalogue's files and the gallery are not in it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TABLES = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists trips (
    number integer primary key autoincrement, id text unique, name text not null,
    made real not null, shown text not null default '{}'
);
create table if not exists left_out (
    trip text not null, name text not null, reason text not null, at real not null,
    primary key (trip, name)
);
create table if not exists photographs (
    trip text not null, name text not null, bytes integer not null, changed integer not null,
    width integer not null, height integer not null, primary key (trip, name)
);
create table if not exists jobs (
    id integer primary key autoincrement, kind text not null, trip text, words text not null,
    state text not null, percent real, line text not null default '',
    error text not null default '', exit integer, made real not null, started real, ended real,
    by text not null default '', after integer,
    stop integer not null default 0
);
create table if not exists decisions (
    n integer primary key autoincrement, trip text not null, key text not null, made text,
    by text not null, at real not null, together integer, undoes integer
);
create index if not exists decisions_of_trip on decisions (trip, n);
create trigger if not exists decisions_stay before update on decisions
begin select raise(abort, 'decisions are only added'); end;
create trigger if not exists decisions_last before delete on decisions
begin select raise(abort, 'decisions are only added'); end;
"""
WAIT = 30  # seconds for another reader of the file, such as a copy being made


class Store:
    """The database in one file. It may be used from any thread of one process."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.job_waits = threading.Event()  # wakes the one that runs jobs
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            file, timeout=WAIT, isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(TABLES)

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Yield the database. What the body changes is committed as a whole, or not at all."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query; None if there is none."""
        with self._lock:
            return self._db.execute(query, values).fetchone()

    def setting(self, name: str) -> str | None:
        """Return a setting; None if it was never set."""
        row = self.row("select value from settings where name = ?", name)
        return None if row is None else row["value"]

    def put_setting(self, name: str, value: str | None) -> None:
        """Keep a setting; None removes it."""
        with self.changing() as db:
            db.execute("delete from settings where name = ?", (name,))
            if value is not None:
                db.execute("insert into settings values (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def in_iso(when: float | None) -> str | None:
    """Return a time in seconds since 1970 as text, in UTC, such as 2026-11-30T14:05:00Z."""
    if when is None:
        return None
    text = datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def now() -> float:
    """Return the time, in seconds since 1970."""
    return time.time()
