"""What an imported file says, as it stands there: a row for each animal, not checked yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tf_happywhale.catalogue.boxes.box import AnyBox, Box, pixels_touched
from tf_happywhale.catalogue.boxes.formats.cells import quoted
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


def pixel_box(left: float, top: float, width: float, height: float, where: str) -> Box:
    """The pixels that a rectangle touches.

    Raises:
        InputError: it has no area, or is not finite.
    """
    box = pixels_touched(left, top, left + width, top + height)
    if box is None:
        raise InputError(
            f"{where} has the box {quoted([left, top, width, height])}, which has no area: it must "
            "be left, top, width, height in pixels. Correct it, or leave it empty."
        )
    return box


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
