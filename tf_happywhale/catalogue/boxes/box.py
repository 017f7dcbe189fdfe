"""Boxes: where in a photograph the animal is, in pixels of the upright picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

WHOLE = "whole"  # the source that needs no box


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels of the upright picture; xmax and ymax are exclusive."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    def clip(self, width: int, height: int) -> Box | None:
        """The part inside a picture of this size, or None if nothing is left."""
        xmin, ymin = max(self.xmin, 0), max(self.ymin, 0)
        xmax, ymax = min(self.xmax, width), min(self.ymax, height)
        return Box(xmin, ymin, xmax, ymax) if xmin < xmax and ymin < ymax else None


@dataclass(frozen=True)
class RelativeBox:
    """A rectangle in shares of width and height, for boxes drawn on a picture of another size.

    `drawn_on` is the width and height of that picture, where they are known. Comparisons leave it
    out, since the same shares are the same pixels.
    """

    xmin: float
    ymin: float
    xmax: float
    ymax: float
    drawn_on: tuple[float, float] | None = field(default=None, repr=False, compare=False)

    def clip(self, width: int, height: int) -> Box | None:
        """The pixels inside a picture of this size, or None if there are none."""
        corners = (
            self.xmin * width, self.ymin * height, self.xmax * width, self.ymax * height,
        )  # fmt: skip
        # Rounded, since 3/900·900 may be a little more than 3.
        box = pixels_touched(*(round(corner, 6) for corner in corners))
        return box and box.clip(width, height)


AnyBox = Box | RelativeBox


def pixels_touched(left: float, top: float, right: float, bottom: float) -> Box | None:
    """The whole pixels that a rectangle touches; None if it has no area."""
    if not all(map(math.isfinite, (left, top, right, bottom))):
        return None
    box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return box if box.xmin < box.xmax and box.ymin < box.ymax else None


def shared_area(one: AnyBox, other: AnyBox) -> tuple[float, float]:
    """The intersection of two boxes over their union, and over the smaller one; 0 if one box is in
    pixels and the other in shares of the picture."""
    across = min(one.xmax, other.xmax) - max(one.xmin, other.xmin)
    down = min(one.ymax, other.ymax) - max(one.ymin, other.ymin)
    if type(one) is not type(other) or across <= 0 or down <= 0:
        return 0.0, 0.0
    first, second = ((b.xmax - b.xmin) * (b.ymax - b.ymin) for b in (one, other))
    both = across * down
    return both / (first + second - both), both / min(first, second)
