"""What an imported file says, as it stands there: a row for each animal, not checked yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tf_happywhale.catalogue.boxes.box import AnyBox
from tf_happywhale.catalogue.boxes.formats.conventions import XYWH, boxes_from_numbers
from tf_happywhale.catalogue.boxes.formats.four_numbers import FourNumbers
from tf_happywhale.errors import InputError


@dataclass(frozen=True)
class Animal:
    """An animal in a file of another program.

    Attributes:
        picture: the path of its photograph, as the file has it.
        individual_id: empty if nobody knows it.
        facts: `species` and the columns that say when, where and what it shows; text.
        box: in pixels of the upright picture, or in shares of it.
        where: its place in the file, in words that begin a sentence.
        name: the photograph's name in the new catalogue; empty: from the path.
    """

    picture: str
    individual_id: str
    facts: Mapping[str, str]
    box: AnyBox | None = None
    where: str = ""
    name: str = ""


@dataclass(frozen=True)
class Found:
    """The animals of a file, and lines on what in it is not used."""

    animals: Sequence[Animal]
    said: tuple[str, ...] = ()


def one_box(four: tuple[float, ...], where: str, *, shares: bool) -> AnyBox:
    """The box of a left and a top edge, a width and a height.

    Args:
        four: as the file has them.
        where: see `Animal`.
        shares: whether the format has shares of the picture, or pixels.

    Raises:
        InputError: it has no area or is not finite, or the numbers are not what the format has.
    """
    unit = "each from 0 to 1" if shares else "in pixels"
    remedy = f"It must be left, top, width, height, {unit}: correct it, or leave it empty."
    return boxes_from_numbers([FourNumbers(where, four)], XYWH, shares=shares, remedy=remedy)[0]


def by_id(pairs: Iterable[tuple[Hashable, Any]], what: str) -> dict[Hashable, Any]:
    """What a file lists, by id.

    Args:
        pairs: an id, and what has it.
        what: in words that begin a sentence: `labels.json: the image`.

    Raises:
        InputError: two different ones have one id, so that nobody can tell which is meant.
    """
    found: dict[Hashable, Any] = {}
    for key, one in pairs:
        if found.setdefault(key, one) != one:
            raise InputError(
                f"{what} {str(key)[:80]!r} is listed twice, differently: take one of them out, or "
                "export again."
            )
    return found


def one_of(values: Mapping[str, str], names: Sequence[str]) -> str:
    """The first of these values that is not empty, without spaces around it; else empty."""
    return next((value for name in names if (value := values.get(name, "").strip())), "")
