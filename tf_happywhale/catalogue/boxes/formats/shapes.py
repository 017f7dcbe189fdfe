"""The upright box around a shape that an annotation tool drew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tf_happywhale.catalogue.boxes.formats.cells import quoted, to_number
from tf_happywhale.errors import InputError

Corners = tuple[float, float, float, float]


def around(points: Any, where: str) -> Corners:
    """The box around points [[x, y], …].

    Raises:
        InputError: they are not points, or there is only one.
    """
    if not isinstance(points, list) or len(points) < 2:
        raise InputError(f"{where}: {quoted(points)} are not the points of a shape: correct them.")
    for point in points:
        if not isinstance(point, list) or len(point) != 2:
            raise InputError(f"{where}: {quoted(point)} is not a point x, y: correct it.")
    xs, ys = ([to_number(point[n], where) for point in points] for n in (0, 1))
    return min(xs), min(ys), max(xs), max(ys)


def around_circle(x: float, y: float, across: float, down: float) -> Corners:
    """The box around a circle or an upright ellipse, by its middle and its two radii."""
    return x - across, y - down, x + across, y + down


def is_upright(points: Sequence[Sequence[float]]) -> bool:
    """Whether two points, or the four corners of a rectangle, are of an upright one."""
    return len(points) == 2 or all(
        math.isclose(a[0], b[0], abs_tol=0.5) or math.isclose(a[1], b[1], abs_tol=0.5)
        for a, b in zip(points, [*points[1:], points[0]], strict=True)
    )
