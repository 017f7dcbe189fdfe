"""What a table may say of a photograph: when, where and by whom it was taken, and what it shows."""

from __future__ import annotations

FACTS = (
    "encounter",
    "date",
    "time",
    "latitude",
    "longitude",
    "place",
    "observer",
    "viewpoint",
    "quality",
    "distinctiveness",
)
