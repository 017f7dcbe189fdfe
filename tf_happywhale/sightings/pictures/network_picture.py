"""The network: individuals that were seen together are joined by a line."""

from __future__ import annotations

from html import escape

import pandas as pd

from tf_happywhale.sightings.associations import network_layout
from tf_happywhale.sightings.pictures.svg import HALO, WIDTH, circle, line, shortened, svg, text

SHOWN, LINES = 60, 400  # more is a knot
MARGIN, HEIGHT = 60, 700


def network_svg(pairs: pd.DataFrame) -> str:
    """Return the network of the individuals with the most company; see `association_table`."""
    places = network_layout(pairs, SHOWN)
    at = {
        who: (MARGIN + x * (WIDTH - 2 * MARGIN), MARGIN + y * (HEIGHT - 2 * MARGIN))
        for who, (x, y) in places.items()
    }
    parts = []
    both = pairs["individual_id"].isin(list(at)) & pairs["other_id"].isin(list(at))
    for row in pairs[both].head(LINES)[::-1].itertuples(index=False):
        index = row.half_weight_index
        words = f"{row.individual_id} and {row.other_id}: {index:.2f}, {row.together} days"
        more = (
            f'style="stroke:var(--sea)" stroke-opacity="{0.12 + 0.7 * index:.2f}" '
            f'stroke-width="{1 + 5 * index:.1f}"'
        )
        ends = line(*at[row.individual_id], *at[row.other_id], more)
        parts.append(f"<g><title>{escape(words)}</title>{ends}</g>")
    for who, (x, y) in at.items():
        parts.append(circle(x, y, 7, who, 'fill="var(--sea)" stroke="var(--card)"'))
        parts.append(text(x, y - 11, shortened(who, 14), "middle", f'font-size="13" {HALO}'))
    return svg(HEIGHT, "Who was seen with whom", *parts)


def knot_sentence(pairs: pd.DataFrame) -> str:
    """Return a sentence on what is not in the picture; empty if everything is."""
    individuals = len(set(pairs["individual_id"]) | set(pairs["other_id"]))
    words = []
    if individuals > SHOWN:
        words.append(f"the {SHOWN} of {individuals:,} individuals with the most company")
    if len(pairs) > LINES:
        words.append(f"at most {LINES} lines, the strongest")
    return f"Shown are {' and '.join(words)}; the table has all pairs." if words else ""
