"""The map: where individuals were seen, and how many go from one place to another."""

from __future__ import annotations

import math
from collections import Counter
from html import escape
from itertools import combinations

import numpy as np
import pandas as pd

from tf_happywhale.sightings.pictures.svg import HALO, WIDTH, circle, line, round_length, svg, text
from tf_happywhale.sightings.places import Located, Place

MOST_POINTS = 3000
MARGIN = 70


def map_svg(located: Located, residence: pd.DataFrame) -> str:
    """Return a map of sightings and places, north above, with a scale bar and no coastline.

    A circle's area is the number of individuals seen at the place; a line's width is the number
    of individuals that were seen at both of its ends.

    Args:
        located: where sightings were, see `located`.
        residence: who was seen where, see `residence_table`.
    """
    low, high = located.metres.min(axis=0), located.metres.max(axis=0)
    span = max(high - low)
    if span < 1:  # one point
        low, high, span = low - 500, high + 500, 1000.0
    scale = (WIDTH - 2 * MARGIN) / max(high[0] - low[0], span / 2)
    height = max((high[1] - low[1]) * scale, 120) + 2 * MARGIN + 20
    middle = (low + high) / 2

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            WIDTH / 2 + (x - middle[0]) * scale,
            (height - 20) / 2 - (y - middle[1]) * scale,
        )

    points = np.unique(located.metres.round(0), axis=0)
    points = points[:: -(-len(points) // MOST_POINTS)]
    more = 'fill="var(--soft)" fill-opacity="0.35"'
    parts = [circle(*place(x, y), 2.5, more=more) for x, y in points]
    parts += _ways(located.places, residence, place)
    counts = residence.groupby("place")["individual_id"].nunique()
    for one in located.places:
        x, y = place(one.x, one.y)
        number = int(counts.get(one.name, 0))
        words = f"{one.name}: {number} individuals"
        radius = 5 + 22 * math.sqrt(number / max(int(counts.max()), 1))
        parts.append(circle(x, y, radius, words, 'fill="var(--sea)" fill-opacity="0.6"'))
        parts.append(text(x, y + radius + 17, words, "middle", HALO))
    return svg(height, "Where individuals were seen", *parts, *_scale_bar(scale, height))


def _ways(places: tuple[Place, ...], residence: pd.DataFrame, place) -> list[str]:
    """Return a line for each two places at which the same individuals were seen."""
    where = {one.name: one for one in places}
    shared: Counter[tuple[str, str]] = Counter()
    for _, names in residence.groupby("individual_id")["place"]:
        shared.update(combinations(sorted(set(names) & set(where)), 2))
    parts = []
    for (one, other), number in sorted(shared.items()):
        ends = [*place(where[one].x, where[one].y), *place(where[other].x, where[other].y)]
        wide = 1 + 7 * number / max(shared.values())
        words = f"{one} and {other}: {number} individuals were seen at both"
        more = f'style="stroke:var(--sea)" stroke-opacity="0.35" stroke-width="{wide:.1f}"'
        parts.append(f"<g><title>{escape(words)}</title>{line(*ends, more)}</g>")
    return parts


def _scale_bar(scale: float, height: float) -> list[str]:
    """Return a bar of a round length, and where north is; `scale`: units of the drawing a metre."""
    metres = round_length(180 / scale)
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    y, x = height - 20, 20.0
    bar = line(x, y, x + metres * scale, y, 'style="stroke:currentColor" stroke-width="3"')
    return [bar, text(x, y - 8, words), text(WIDTH - 30, y - 8, "N ↑", "middle")]
