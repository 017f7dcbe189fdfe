"""Parts of a drawing as SVG."""

from __future__ import annotations

import math
from html import escape

WIDTH = 1000  # of each drawing, in its own units; the page scales it
HALO = 'paint-order="stroke" stroke="var(--card)" stroke-width="4" stroke-linejoin="round"'


def svg(height: float, label: str, *parts: str, width: float = WIDTH) -> str:
    """Return a drawing; `label` says in words what it shows."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}" '
        f'font-size="15" fill="currentColor">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: object, anchor: str = "start", more: str = "") -> str:
    """Return words at a place; `anchor`: start, middle or end."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(str(words))}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, more: str = "") -> str:
    """Return a thin line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="var(--line)" {more}/>'
    )


def rect(x: float, y: float, width: float, height: float, title: str = "", more: str = "") -> str:
    """Return a filled rectangle; `title` is shown under the pointer."""
    inside = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="var(--sea)" {more}>{inside}</rect>'
    )


def circle(x: float, y: float, radius: float, title: str = "", more: str = "") -> str:
    """Return a filled circle; see `rect`."""
    inside = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {more}>{inside}</circle>'


def ticks(high: float, count: int = 5) -> list[int]:
    """Return round whole numbers from 0 to `high` or a little above."""
    step = max(round_length(max(high, 1) / count), 1)
    return [round(step * n) for n in range(math.ceil(max(high, 1) / step - 1e-9) + 1)]


def round_length(length: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is at most `length`."""
    power = 10 ** math.floor(math.log10(length))
    return max(part * power for part in (1, 2, 5) if part * power <= length * (1 + 1e-9))


def shortened(name: str, most: int) -> str:
    """Return a name, with its end left out if it is long."""
    return name if len(name) <= most else name[: most - 1] + "…"
