"""Names of files that somebody sends, made safe: they stay recognisable."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS

LONGEST = 120  # bytes, so that temporary files beside it have room for their own names
NOT_IN_NAMES = re.compile(r'[<>:"|?*#%\\/]')  # for a file system, an address or an animal's key
OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(given: str, ending: str = "") -> str:
    """Return the name under which a file is kept. A folder in it becomes a part of the name.

    Args:
        given: what the sender says, such as `day 1/IMG_1.JPG` or `../../x.jpg`.
        ending: what is added if the name does not end as pictures do, such as `.jpg`.
    """
    parts = re.split(r"[/\\]", unicodedata.normalize("NFC", given))
    text = "_".join(part for part in map(str.strip, parts) if part not in ("", ".", ".."))
    text = "".join(sign if is_plain(sign) else "_" for sign in NOT_IN_NAMES.sub("_", text))
    text = text.lstrip(".- ").rstrip(". ") or "photograph"
    if OF_WINDOWS.fullmatch(text):
        text = f"_{text}"
    if ending and Path(text).suffix.lower() not in IMAGE_ENDINGS:
        text += ending
    return shortened(text)


def is_plain(sign: str) -> bool:
    """Whether a sign can stand in a name: it is seen, and is no half of one."""
    return unicodedata.category(sign)[0] in "LMNPS" or sign == " "


def shortened(name: str) -> str:
    """Return a name of at most `LONGEST` bytes; one that is cut has a part of its hash."""
    if len(name.encode()) <= LONGEST:
        return name
    ending = Path(name).suffix if len(Path(name).suffix.encode()) <= 10 else ""
    mark = f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}{ending}"
    room = LONGEST - len(mark)
    return name.encode()[:room].decode(errors="ignore").rstrip(". ") + mark
