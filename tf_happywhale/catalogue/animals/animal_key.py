"""The key of an animal in a photograph: the photograph's name and the number of the animal's box.

A photograph may show several animals, each in a box with a number. The key of the first animal,
which is usually the only one, is the photograph's name. The keys of the others are `IMG_1.jpg#2`,
`IMG_1.jpg#3` and so on. Embeddings, rankings and decisions are stored by this key. It is split
where a file is opened, or where a table is written for people: `image,box_number`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tf_happywhale.errors import InputError

BOX_NUMBER = "box_number"  # the column of a table
_KEY = re.compile(r"(?P<image>.+)#(?P<number>[2-9]|[1-9]\d+)", re.DOTALL)


def animal_key(image: str, number: int = 1) -> str:
    """The key of the animal in a photograph's box of this number."""
    return image if number == 1 else f"{image}#{number}"


def split_key(key: str) -> tuple[str, int]:
    """The photograph's name and the number of the box.

    The name of a picture ends in `.jpg` or similar, so it cannot be mistaken for a key.
    """
    found = _KEY.fullmatch(key) if "#" in key else None
    return (found["image"], int(found["number"])) if found else (key, 1)


def photograph_of(key: str) -> str:
    """The photograph's name."""
    return split_key(key)[0]


def animal_words(key: str, counts: Mapping[str, int]) -> str:
    """The key in words, `IMG_1.jpg, animal 2 of 3`; only the name if there is one animal.

    Args:
        key: of the animal.
        counts: the number of animals by photograph; see `count_animals`.
    """
    image, number = split_key(key)
    total = counts.get(image, 1)
    if number == 1 and total == 1:
        return image
    return f"{image}, animal {number}" + (f" of {total}" if total >= number else "")


def count_animals(keys: Iterable[str]) -> Counter[str]:
    """The number of keys of each photograph."""
    return Counter(photograph_of(key) for key in dict.fromkeys(keys))


def judged_together(keys: Sequence[str], encounters: Sequence[str]) -> list[str]:
    """The encounter with which each animal is judged; empty if it is judged alone.

    The photographs of an encounter show one animal. A photograph that shows several contradicts
    this, so each of its animals is judged alone.
    """
    counts = count_animals(keys)
    return [
        "" if counts[photograph_of(key)] > 1 else encounter
        for key, encounter in zip(keys, encounters, strict=True)
    ]


def box_number_of(cell: str, where: str) -> int:
    """The number in a cell of the column box_number; 1 if it is empty, as without the column.

    Args:
        cell: the text.
        where: its file and line, for the error.

    Raises:
        InputError: it is not a whole number of 1 or more.
    """
    cell = cell.strip()
    if not cell:
        return 1
    whole = cell.removesuffix(".0")  # what a spreadsheet or pandas makes of a column with gaps
    if not (whole.isascii() and whole.isdecimal() and 0 < int(whole) < 10**6):
        raise InputError(
            f"{where}: the {BOX_NUMBER} {cell[:80]!r} is not a whole number: number the animals "
            "of a photograph 1, 2, 3."
        )
    return int(whole)


def key_columns(keys: Sequence[str], prefix: str = "") -> dict[str, list]:
    """The two columns of a table, `image` and `box_number`, both with a prefix. An empty key, which
    stands for no image, stays empty.
    """
    pairs = [split_key(key) for key in keys]
    return {
        f"{prefix}image": [image for image, _ in pairs],
        f"{prefix}{BOX_NUMBER}": [str(number) if image else "" for image, number in pairs],
    }


def keys_from_columns(
    images: Sequence[str],
    numbers: Sequence[str] | None,
    table: str,
    lines: Iterable[int] | None = None,
) -> list[str]:
    """The keys of animals from the two columns of a table.

    Args:
        images: names of photographs; an empty name stays empty.
        numbers: cells of box_number; None: the table has no such column.
        table: the file's name, for the error.
        lines: the line of each row in the file; None: 2, 3, 4 …

    Raises:
        InputError: a number is not a whole number of 1 or more.
    """
    if numbers is None:
        return list(images)
    return [
        animal_key(image, box_number_of(cell, f"Line {line} of {table}")) if image else ""
        for line, image, cell in zip(
            range(2, len(images) + 2) if lines is None else lines, images, numbers, strict=True
        )
    ]
