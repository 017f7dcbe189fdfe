"""The discovery curve, and the capture frequencies."""

from __future__ import annotations

import pandas as pd

from tf_happywhale.sightings.pictures.svg import WIDTH, circle, line, rect, svg, text, ticks

LEFT, TOP, BOTTOM, HEIGHT = 60, 36, 60, 436


def discovery_svg(table: pd.DataFrame) -> str:
    """Return the discovery curve: individuals known against sightings; see `discovery_table`."""
    most_x, most_y = int(table["all_sightings"].max()), int(table["individuals"].max())
    across, up = ticks(most_x), ticks(most_y)

    def place(sightings: float, individuals: float) -> tuple[float, float]:
        x = LEFT + sightings / across[-1] * (WIDTH - LEFT - 30)
        return x, HEIGHT - BOTTOM - individuals / up[-1] * (HEIGHT - BOTTOM - TOP)

    parts = _axes(place, across, up, "sightings (an individual on a day)", "individuals")
    years = table["day"].str[:4]
    for row in range(1, len(table)):
        if years.iloc[row] != years.iloc[row - 1]:
            x, _ = place(int(table["all_sightings"].iloc[row - 1]), 0)
            parts.append(line(x, TOP, x, HEIGHT - BOTTOM, 'stroke-dasharray="4 4"'))
            parts.append(
                text(x + 4, HEIGHT - BOTTOM - 8, years.iloc[row], more='fill="var(--soft)"')
            )
    points = [place(0, 0)]
    dots = []
    for row in table.itertuples():
        points.append(place(row.all_sightings, row.individuals))
        words = f"{row.day}: {row.individuals} individuals, {row.new} of them new on this day"
        dots.append(circle(*points[-1], 4, words, 'fill="var(--sea)"'))
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{joined}" fill="none" stroke="var(--sea)" stroke-width="2"/>')
    words = f"Discovery curve: {most_y} individuals in {most_x} sightings"
    return svg(HEIGHT, words, *parts, *dots)


def frequency_svg(table: pd.DataFrame) -> str:
    """Return bars: how many individuals were seen on 1, 2, … occasions; see `frequency_table`."""
    up = ticks(int(table["individuals"].max()))
    wide = (WIDTH - LEFT - 30) / len(table)

    def place(occasions: float, individuals: float) -> tuple[float, float]:
        x = LEFT + (occasions - 0.5) * wide
        return x, HEIGHT - BOTTOM - individuals / up[-1] * (HEIGHT - BOTTOM - TOP)

    every = -(-len(table) // 20)
    across = [number for number in table["occasions"] if (number - 1) % every == 0]
    parts = _axes(place, across, up, "occasions", "individuals")
    for row in table.itertuples():
        x, y = place(row.occasions, row.individuals)
        words = f"{row.individuals} individuals were seen on {row.occasions} occasions"
        parts.append(rect(x - wide * 0.4, y, wide * 0.8, HEIGHT - BOTTOM - y, words))
        if row.individuals and len(table) <= 20:
            parts.append(text(x, y - 5, row.individuals, "middle"))
    return svg(HEIGHT, "How many individuals were seen how often", *parts)


def _axes(place, across: list[int], up: list[int], x_name: str, y_name: str) -> list[str]:
    """Return lines and numbers beside a drawing; `place` gives the point of two numbers."""
    parts = []
    for number in up:
        _, y = place(0, number)
        parts.append(line(LEFT, y, WIDTH - 30, y))
        parts.append(text(LEFT - 8, y + 5, f"{number:,}", "end", 'fill="var(--soft)"'))
    for number in across:
        x, _ = place(number, 0)
        parts.append(text(x, HEIGHT - BOTTOM + 22, f"{number:,}", "middle", 'fill="var(--soft)"'))
    parts.append(text((LEFT + WIDTH) / 2, HEIGHT - 12, x_name, "middle"))
    parts.append(text(LEFT - 40, 14, y_name))
    return parts
