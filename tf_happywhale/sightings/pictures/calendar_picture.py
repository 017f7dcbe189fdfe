"""The sightings calendar as a picture: individuals from top to bottom, time from left to right."""

from __future__ import annotations

from tf_happywhale.sightings.calendar_table import Calendar
from tf_happywhale.sightings.pictures.svg import WIDTH, line, rect, shortened, svg, text

SHOWN = 80  # individuals; more cannot be read
NAMES, ROW, TOP = 150, 18, 76


def calendar_svg(calendar: Calendar) -> str:
    """Return the calendar of the individuals that were seen most; see `calendar_of`."""
    ids = calendar.individual_ids[:SHOWN]
    wide = min((WIDTH - NAMES - 40) / len(calendar.columns), 60)
    height = TOP + ROW * len(ids) + 10
    most = int(calendar.days.max())
    parts = []
    every = -(-22 // max(int(wide), 1))  # a name of a column needs 22 units
    for n, name in enumerate(calendar.columns):
        x = NAMES + wide * n
        if n % every == 0:
            turned = f'transform="rotate(-55 {x + wide / 2:.1f} {TOP - 8})" fill="var(--soft)"'
            parts.append(text(x + wide / 2, TOP - 8, name, more=turned + ' font-size="12"'))
        parts.append(line(x, TOP, x, height - 10))
    for row, who in enumerate(ids):
        y = TOP + ROW * row
        parts.append(text(NAMES - 8, y + ROW - 5, shortened(who, 18), "end", 'font-size="13"'))
        parts.append(line(NAMES, y, NAMES + wide * len(calendar.columns), y))
        for n, name in enumerate(calendar.columns):
            days = int(calendar.days[row, n])
            if days:
                words = f"{who}, {name}" + ("" if most == 1 else f": {days} days")
                strength = f'opacity="{0.45 + 0.55 * days / most:.2f}"'
                parts.append(rect(NAMES + wide * n + 1, y + 2, wide - 2, ROW - 4, words, strength))
    return svg(height, "When each individual was seen", *parts)


def rest_sentence(calendar: Calendar) -> str:
    """Return a sentence on the individuals that are not in the picture; empty if all are."""
    rest = len(calendar.individual_ids) - SHOWN
    if rest <= 0:
        return ""
    return (
        f"Shown are the {SHOWN} individuals that were seen on most days; the other {rest:,} are in "
        "the table."
    )
