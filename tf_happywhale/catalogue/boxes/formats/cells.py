"""Numbers and boxes in the cells of a table, and numbers in the values of a JSON file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from tf_happywhale.errors import InputError

EMPTY = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "[]", "[[]]"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
LONGEST_DIGITS = 16  # that a float holds for sure
LONGEST = 80  # characters of a file that an error quotes


def is_empty(cell: str) -> bool:
    """Whether a cell says nothing, in any of the usual ways."""
    return not cell.isdecimal() and cell.strip().lower() in EMPTY


def is_short_number(text: str) -> bool:
    """Whether a text is digits, as most cells are: a number that can be read in no other way."""
    return len(text) < LONGEST_DIGITS and text.isascii() and text.isdecimal()


def quoted(text: object) -> str:
    """The beginning of what a file says, in quotes, for an error."""
    text = str(text)
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def has_decimal_commas(cells: Iterable[str]) -> bool:
    """Whether numbers are written `12,5`: a cell can only be read so, and no cell has a point."""
    cells = [cell.strip() for cell in cells]
    commas = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    return (
        not any("." in cell for cell in cells)
        and any(not THOUSANDS.fullmatch(cell) for cell in commas)
        and not any(len(cell.split(",")) > 2 for cell in cells)
    )


def is_finite(number: float) -> bool:
    """Whether a number of a JSON file, which may have any length, is finite as a float."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def to_number(cell: object, what: str, *, decimal_comma: bool = False) -> float:
    """A cell of text, or a value of a JSON file, as a finite number.

    Args:
        cell: what the file says.
        what: its place and its name, the beginning of the error.
        decimal_comma: whether `12,5` is twelve and a half.

    Raises:
        InputError: it is not a number.
    """
    if isinstance(cell, str) and is_short_number(cell):
        return float(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if is_finite(cell):
            return float(cell)
    elif isinstance(cell, str):
        text = cell.strip()
        if decimal_comma:
            text = text.replace(",", ".")
        if NUMBER.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        if DECIMAL_COMMA.fullmatch(text):
            raise InputError(
                f"{what} {quoted(cell)} may have a decimal comma or one between thousands: write "
                "numbers with a decimal point."
            )
    raise InputError(f"{what} {quoted(cell)} is not a number: correct it.")


def boxes_in_cell(cell: str, what: str) -> list[tuple[float, ...]]:
    """The four numbers of each box of one cell, such as `[[0 103 803 656]]` or `0 103 803 656`.

    Raises:
        InputError: a box has not four numbers; the error begins with `what`.
    """
    if is_empty(cell):
        return []
    cell = re.sub(r"\bnp\.(?:float|u?int)\d+\(([^()]*)\)", r"\1", cell)  # as NumPy 2 writes lists
    groups = re.findall(r"[\[(]([^\[\]()]*)[\])]", cell) or [cell]
    fours = []
    for group in groups:
        texts = [text for text in re.split(r"[\s,;]+", group) if text]
        if texts and all(map(is_empty, texts)):
            continue
        if len(texts) == 5:
            raise InputError(
                f"{what} {quoted(cell)} has five numbers, as a turned box has: give the four "
                "numbers of an upright box."
            )
        if len(texts) != 4:
            raise InputError(f"{what} {quoted(cell)} must be four numbers.")
        fours.append(tuple(to_number(text, what) for text in texts))
    return fours
