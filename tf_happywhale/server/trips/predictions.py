"""What `identify` found, as its table says it."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

NUMBERS = ("box_number", "rank", "reference_box_number")
SHARES = ("score", "p_new")


def read_predictions(file: Path) -> list[dict[str, str | int | float | None]]:
    """Return the rows of predictions.csv, with numbers; none if it is not there yet."""
    return [{name: _value(name, cell) for name, cell in row.items() if name} for row in _rows(file)]


def count_animals_found(file: Path) -> int:
    """Return how many animals were identified; 0 before that."""
    try:
        status = file.stat()
    except OSError:
        return 0
    return _count(file, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(256)
def _count(file: Path, *_state: int) -> int:
    return len({(row.get("image"), row.get("box_number")) for row in _rows(file)})


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as table:
            return list(csv.DictReader(table))
    except FileNotFoundError:
        return []


def _value(name: str, cell: str | None) -> str | int | float | None:
    if name in NUMBERS:
        return int(float(cell)) if cell else None
    if name in SHARES:
        return float(cell) if cell else None
    return cell
