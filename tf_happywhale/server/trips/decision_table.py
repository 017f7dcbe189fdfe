"""The table of decisions, as the review pages export it and `gallery add` reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.disk.files import write_text
from tf_happywhale.server.home.store import Store
from tf_happywhale.server.trips.decisions import decided_now

HEAD = (
    "image", "box_number", "decision", "individual_id", "rank", "encounter", "box", "content",
    "group",
)  # fmt: skip


def write_decisions(store: Store, trip: str, file: Path) -> int:
    """Write what was decided on a trip to a table, and return the number of decisions."""
    decided = decided_now(store, trip)
    write_text(file, decision_table(decided))
    return len(decided)


def write_groups(store: Store, trip: str, file: Path) -> bool:
    """Write what was decided about groups of new animals, for `identify.decisions`; whether there
    is any. Their boxes are left out: a box that was drawn better is of the same animal."""
    decided = {
        key: {**made, "box": ""}
        for key, made in decided_now(store, trip).items()
        if made["decision"] in ("new", "apart") and made.get("group")
    }
    if not decided:
        return False
    head, *rows = csv.reader(io.StringIO(decision_table(decided)))
    column = head.index("box")
    text = io.StringIO()
    kept = [row[:column] + row[column + 1 :] for row in (head, *rows)]
    csv.writer(text, lineterminator="\n").writerows(kept)
    write_text(file, text.getvalue())
    return True


def decision_table(decided: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table as text."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEAD)
    for key, made in decided.items():
        table.writerow(row_of(key, made))
    return text.getvalue()


def row_of(key: str, made: Mapping[str, Any]) -> list[str]:
    """Return the cells of a decision."""
    image, number = split_key(key)
    what = made["decision"]
    who = "" if what in ("skip", "apart") else made.get("id")
    group = made.get("group") if what in ("new", "apart") else ""
    cells = [
        made.get("image") or image, made.get("number") or number, what, who, made.get("rank"),
        made.get("encounter"), made.get("box"), made.get("content"), group,
    ]  # fmt: skip
    return ["" if cell is None else str(cell) for cell in cells]
