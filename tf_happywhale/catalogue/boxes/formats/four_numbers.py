"""The four numbers of a box, and whether they are pixels or shares of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tf_happywhale.errors import InputError

SLACK = 0.1  # how far a box may reach beyond its picture, as a share of the picture
PIXELS = 2  # numbers that are not shares are in pixels if one is as large as this


@dataclass(frozen=True)
class FourNumbers:
    """The four numbers of one box, as its file has them.

    Attributes:
        where: the file and line, for errors.
        four: in the order of the file.
        drawn_on: width and height of the picture that they are of, if the file says it.
    """

    where: str
    four: tuple[float, ...]
    drawn_on: tuple[float, float] | None = None

    def __str__(self) -> str:
        return ", ".join(f"{number:g}" for number in self.four)


def are_shares(found: Sequence[FourNumbers]) -> bool:
    """Whether the numbers of one file are shares of the picture: all lie between 0 and 1.

    Raises:
        InputError: only some boxes are in shares, or the numbers are neither.
    """
    small, large = [], []
    for box in found:
        share = all(-SLACK <= number <= 1 + SLACK for number in box.four)
        (small if share else large).append(box)
    for box in large:
        if max(map(abs, box.four)) < PIXELS:
            raise InputError(
                f"{box.where}: {box} are neither shares of the picture, from 0 to 1, nor pixels: "
                "correct them."
            )
    if small and large:
        raise InputError(
            f"{small[0].where}: {small[0]} are shares of the picture, but {large[0].where} has "
            f"pixels ({large[0]}): give all boxes of the file in one way."
        )
    return bool(small)


def check_pixels(box: FourNumbers, corners: Sequence[float]) -> None:
    """Raise InputError if a box of a format that has pixels may be in shares of the picture. Some
    programs write shares in such a format.

    Args:
        box: as its file has it.
        corners: its left, top, right and bottom.
    """
    if max(map(abs, corners)) < PIXELS:
        raise InputError(
            f"{box.where}: the box {box} may be in shares of the picture, but this format has "
            "pixels: export it in pixels, or write the boxes as a table, where numbers from 0 to 1 "
            "are shares. If it is a slip of one pixel, take it out."
        )
