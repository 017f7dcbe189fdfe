"""What the four numbers of a box mean: corners or a size, in pixels or as shares of the picture.

Nothing is guessed. The header of a file says it, or the numbers allow only one reading. If they
allow both, a setting must say it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from tf_happywhale.catalogue.boxes.box import AnyBox, RelativeBox, pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.four_numbers import (
    SLACK,
    FourNumbers,
    are_shares,
    check_pixels,
)
from tf_happywhale.errors import InputError

AUTO, CORNERS, XYWH, CXCYWH = "auto", "corners", "xywh", "cxcywh"
FEW = 0.05  # if a smaller share of the boxes cannot be corners, those may be typing errors
DECIMALS = 6  # of corners, since 512.7 + 100.3 is a little more than 613
CORRECT = "Correct the numbers."


RowAndNumbers = tuple[BoxRow, FourNumbers | None]


def with_numbers(
    row: BoxRow, four: tuple[float, ...] | None, drawn_on: tuple[float, float] | None = None
) -> RowAndNumbers:
    """A row whose box is not made yet, and its numbers; None: it has no box."""
    return row, None if four is None else FourNumbers(row.where, four, drawn_on)


def rows_with_boxes(
    found: Iterable[RowAndNumbers],
    convention: str | None,
    *,
    shares: bool | None = None,
    remedy: str = CORRECT,
) -> list[BoxRow]:
    """The rows of one file with their boxes; a row without numbers has none.

    Args: see `boxes_from_numbers`.
    """
    found = list(found)
    numbers = [four for _, four in found if four is not None]
    boxes = iter(boxes_from_numbers(numbers, convention, shares=shares, remedy=remedy))
    return [row if four is None else row._replace(box=next(boxes)) for row, four in found]


def boxes_from_numbers(
    found: Sequence[FourNumbers],
    convention: str | None,
    *,
    shares: bool | None = None,
    remedy: str = CORRECT,
) -> list[AnyBox]:
    """The boxes of one file.

    Args:
        found: their numbers.
        convention: `corners` (left, top, right, bottom), `xywh` (left, top, width, height) or
            `cxcywh` (middle, width, height); None: corners or xywh, whichever the numbers allow.
        shares: whether the format has shares of the picture's width and height, or pixels; None:
            either, and they are shares if all of them lie between 0 and 1.
        remedy: what a person can do, the last sentence of the error.

    Raises:
        InputError: a box has no area or lies outside its picture, the rows are not in one
            convention, or two conventions are possible, or a format of pixels has shares. It names
            the row.
    """
    for box in found:
        _check_area(box, remedy)
    if shares is None:
        shares = are_shares(found)
    elif not shares:
        for box in found:
            check_pixels(box, corners_of(box.four, convention or CORNERS))
    convention = _decide(found, shares) if convention is None else convention
    return [_box(box, convention, shares, remedy) for box in found]


def _check_area(box: FourNumbers, remedy: str) -> None:
    left, top, right, bottom = box.four
    if not all(map(math.isfinite, box.four)):
        raise InputError(f"{box.where}: the box {box} is not finite. {remedy}")
    if (right <= left or bottom <= top) and (right <= 0 or bottom <= 0):
        raise InputError(
            f"{box.where}: the box {box} has no area: correct it, or leave its cells empty if "
            "there is no box."
        )


def _decide(found: Sequence[FourNumbers], shares: bool) -> str:
    """Corners or xywh, decided by a box that can be only one of them."""
    odd = [box for box in found if _not_corners(box)]
    no_corners = odd[0] if odd else None
    no_size = next((box for box in found if _not_xywh(box, shares)), None)
    if no_corners and no_size:
        raise InputError(
            f"{no_corners.where}: {no_corners} cannot be corners, and {no_size.where}: {no_size} "
            "cannot be x, y, width, height: give all boxes of the file in one way."
        )
    if not found or no_size:
        return CORNERS
    if no_corners and len(odd) < FEW * len(found):
        raise InputError(
            f"{no_corners.where}: {no_corners} cannot be left, top, right, bottom, but nearly all "
            "other boxes of the file can: correct them, or set data.boxes_format=xywh."
        )
    if no_corners:
        return XYWH
    raise InputError(
        f"{found[0].where}: {found[0]} may be left, top, right, bottom or left, top, width, "
        "height, and no other box of the file decides it: set data.boxes_format=corners or "
        "data.boxes_format=xywh."
    )


def _not_corners(box: FourNumbers) -> bool:
    left, top, right, bottom = box.four
    return right <= left or bottom <= top


def _not_xywh(box: FourNumbers, shares: bool) -> bool:
    left, top, across, down = box.four
    size = (1.0, 1.0) if shares else box.drawn_on
    beyond = size and (left + across > (1 + SLACK) * size[0] or top + down > (1 + SLACK) * size[1])
    return across <= 0 or down <= 0 or bool(beyond)


def _box(box: FourNumbers, convention: str, shares: bool, remedy: str) -> AnyBox:
    corners = corners_of(box.four, convention)
    size = (1.0, 1.0) if shares else box.drawn_on
    if size is None:
        corners = tuple(round(corner, DECIMALS) for corner in corners)
    left, top, right, bottom = corners
    if right <= left:
        raise InputError(
            f"{box.where}: the right edge ({right:g}) is not to the right of the left edge "
            f"({left:g}). {remedy}"
        )
    if bottom <= top:
        raise InputError(
            f"{box.where}: the lower edge ({bottom:g}) is not below the upper edge ({top:g}). "
            + remedy
        )
    if size is None:
        return pixels_touched(left, top, right, bottom)
    width, height = size
    if not (
        -SLACK * width <= left <= right <= (1 + SLACK) * width
        and -SLACK * height <= top <= bottom <= (1 + SLACK) * height
    ):
        raise InputError(
            f"{box.where}: the box {box} reaches beyond the picture, which is {width:g} by "
            f"{height:g}. {remedy}"
        )
    return RelativeBox(
        left / width,
        top / height,
        right / width,
        bottom / height,
        drawn_on=None if shares else box.drawn_on,
    )


def corners_of(four: tuple[float, ...], convention: str) -> tuple[float, ...]:
    """Left, top, right and bottom of four numbers, or of four arrays of them."""
    x, y, across, down = four
    if convention == CORNERS:
        return four
    if convention == CXCYWH:
        return x - across / 2, y - down / 2, x + across / 2, y + down / 2
    return x, y, x + across, y + down
