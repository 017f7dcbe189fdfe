"""Decisions of people: only added, never changed. The last one on an animal counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tf_happywhale.server.home.store import Store, in_iso, now
from tf_happywhale.server.requests.answers import contradiction

Made = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """What a person decides on one animal.

    Attributes:
        key: of the animal in a photograph.
        made: what the review pages keep of it; None: not decided.
    """

    key: str
    made: Made | None


def add_decisions(store: Store, trip: str, by: str, changes: Sequence[Change]) -> int:
    """Add decisions, which are on the disk when this returns, and return the last one's number.

    All of one call were made at once, and are taken back at once.
    """
    with store.changing() as db:
        first = (db.execute("select max(n) from decisions").fetchone()[0] or 0) + 1
        for change in changes:
            made = None if change.made is None else json.dumps(change.made, ensure_ascii=False)
            db.execute(
                "insert into decisions (trip, key, made, by, at, together) "
                "values (?, ?, ?, ?, ?, ?)",
                (trip, change.key, made, by, now(), first),
            )
        return db.execute("select max(n) from decisions where trip = ?", (trip,)).fetchone()[0] or 0


def decisions_after(store: Store, trip: str, after: int) -> list[dict[str, Any]]:
    """Return the decisions on a trip with numbers above `after`, in order."""
    rows = store.rows("select * from decisions where trip = ? and n > ? order by n", trip, after)
    return [
        {
            "n": row["n"],
            "key": row["key"],
            "made": json.loads(row["made"]) if row["made"] else None,
            "by": row["by"],
            "at": in_iso(row["at"]),
        }
        for row in rows
    ]


def decided_now(store: Store, trip: str) -> dict[str, Made]:
    """Return what counts: by key what was made of it, without what was taken back."""
    rows = store.rows(
        "select key, made from decisions where n in "
        "(select max(n) from decisions where trip = ? group by key) order by n",
        trip,
    )
    return {row["key"]: json.loads(row["made"]) for row in rows if row["made"]}


def undo(store: Store, trip: str, by: str) -> int:
    """Take back a person's last change that still counts, and return the last number.

    Where others have decided since, their decisions stay.

    Raises:
        HTTPException: 409, there is nothing to take back.
    """
    with store.changing() as db:
        rows = db.execute(
            "select n, key, together from decisions d where trip = ? and by = ? and undoes is null "
            "and not exists (select 1 from decisions where trip = d.trip and undoes = d.n) "
            "and n = (select max(n) from decisions where trip = d.trip and key = d.key) "
            "order by n desc",
            (trip, by),
        ).fetchall()
        if not rows:
            raise contradiction(f"{by or 'This person'} has nothing to take back here.")
        for row in reversed([row for row in rows if row["together"] == rows[0]["together"]]):
            before = db.execute(
                "select made from decisions where trip = ? and key = ? and n < ? "
                "order by n desc limit 1",
                (trip, row["key"], row["n"]),
            ).fetchone()
            db.execute(
                "insert into decisions (trip, key, made, by, at, undoes) values (?, ?, ?, ?, ?, ?)",
                (trip, row["key"], before["made"] if before else None, by, now(), row["n"]),
            )
        return db.execute("select max(n) from decisions").fetchone()[0]
