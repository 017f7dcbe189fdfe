"""Names that other programs and all file systems accept, made of any text, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

LONGEST = 80  # characters, so that a long path still fits
# Windows opens devices under these names.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_names(texts: Iterable[str], odd: str, fill: str) -> dict[str, str]:
    """A name for each text, the same one every time. No two differ in case alone, because on some
    disks they would be one file.

    Args:
        texts: names of pictures or ids.
        odd: a regular expression of the characters that are not allowed.
        fill: what replaces them; it joins a number to a name that is taken.
    """
    taken: set[str] = set()
    names: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        ending = PurePosixPath(text).suffix
        ending = ending if re.fullmatch(r"\.[A-Za-z0-9]{1,5}", ending) else ""
        stem = re.sub(f"(?:{odd})+", fill, text[: len(text) - len(ending)])
        stem = stem[:LONGEST].strip(" .") or "unnamed"
        stem = f"{stem}{fill}1" if RESERVED.fullmatch(stem) else stem
        name, number = stem + ending, 2
        while name.lower() in taken:
            name, number = f"{stem}{fill}{number}{ending}", number + 1
        taken.add(name.lower())
        names[text] = name
    return names
