"""When and where photographs were taken: what a table says counts before what a camera says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tf_happywhale.catalogue.tables.dates_of_images import date_sentences, day_of, known_day

Columns = Mapping[str, Sequence[str]]
PLACE = ("latitude", "longitude")
EARTH = 6_371_008.8  # metres, the mean radius
APART = 10_000  # metres that a table's place and a camera's may differ: a place is not a point


def table_before_camera(written: Columns, camera: Columns) -> dict[str, list[str]]:
    """The columns date, time, latitude and longitude of images.

    A camera's time of day counts where the table gives none and names the same day, or no day. The
    two coordinates of an image come from one of both.

    Args:
        written: the columns of the table, as far as it has them.
        camera: the columns by EXIF, as far as there are any.
    """
    count = len(next(iter({**written, **camera}.values()), ()))
    rows = [_cells(part, count) for part in (written, camera)]
    merged = [_one(*pair) for pair in zip(*rows, strict=True)]
    return {name: [row[name] for row in merged] for name in ("date", "time", *PLACE)}


def difference_sentences(
    images: Sequence[str], written: Columns, camera: Columns, what: str
) -> list[str]:
    """Sentences on how many dates and places the camera gave, and on those that contradict the
    table.

    Args:
        images: names.
        written, camera: see `table_before_camera`.
        what: what the images are, in words.
    """
    nothing = [""] * len(images)
    dates = [part.get("date", nothing) for part in (written, camera)]
    rows = zip(images, _cells(written, len(images)), _cells(camera, len(images)), strict=True)
    filled, apart = 0, []
    for image, row, told in rows:
        here, there = (tuple(cells[name] for name in PLACE) for cells in (row, told))
        filled += bool(there[0]) and not here[0]
        if here[0] and there[0] and (far := metres(here, there)) > APART:
            apart.append((image, far))
    said = date_sentences(images, *dates, what)
    if filled:
        said.append(f"{filled} of {len(images)} {what} have their place from the camera (GPS)")
    if apart:
        image, far = apart[0]
        said.append(
            f"{len(apart)} of {len(images)} {what} have another place in the table than in the "
            f"camera (GPS), such as {image}, {far / 1000:.0f} km away. The table's counts."
        )
    return said


def metres(one: tuple[str, str], other: tuple[str, str]) -> float:
    """The distance between two places, each latitude and longitude in decimal degrees as text, by
    the haversine formula on a sphere, which is right to about 0.5%.

    R. W. Sinnott: Virtues of the haversine. Sky and Telescope 68 (1984), 159.
    """
    (north, east), (other_north, other_east) = (
        tuple(math.radians(float(part)) for part in place) for place in (one, other)
    )
    across = math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    half = math.sin((other_north - north) / 2) ** 2 + across
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, half)))


def _cells(part: Columns, count: int) -> list[dict[str, str]]:
    nothing = [""] * count
    columns = {name: part.get(name, nothing) for name in ("date", "time", *PLACE)}
    return [
        {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]


def _one(written: dict[str, str], camera: dict[str, str]) -> dict[str, str]:
    """What is known of one image."""
    found = dict(written)
    same_day = not written["date"] or known_day(written["date"]) == known_day(camera["date"])
    if not written["date"]:
        found["date"] = day_of(camera["date"]) if written["time"] else camera["date"]
    if not written["time"] and same_day and day_of(written["date"]) == written["date"]:
        found["time"] = camera["time"]
    if not written["latitude"] and not written["longitude"]:
        found |= {name: camera[name] for name in PLACE}
    return found
