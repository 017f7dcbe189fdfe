"""HEIC photographs, such as telephones take: what they are and hold, by pillow-heif where it is
installed. `pictures/heic.py` decodes them."""

from __future__ import annotations

import io
from typing import Any

from tf_happywhale.errors import InputError

BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
GENERAL, AVIF = b"mif1", (b"avif", b"avis")


def is_heic(encoded: bytes) -> bool:
    """Return whether a file's bytes are HEIC, whatever its name."""
    if encoded[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(encoded[:4], "big"), 256)
    brands = {encoded[8:12], *(encoded[place : place + 4] for place in range(16, end, 4))}
    return bool(brands & BRANDS) or (GENERAL in brands and brands.isdisjoint(AVIF))


def heic_exif(encoded: bytes) -> bytes:
    """Return the EXIF block of the main picture; empty if there is none, or it cannot be read."""
    try:
        return open_heic(encoded, "picture").info.get("exif") or b""
    except InputError:
        return b""


def open_heic(encoded: bytes, name: str) -> Any:
    """Return the file as pillow-heif opens it.

    Raises:
        InputError: pillow-heif is not installed, or cannot read it.
    """
    try:
        import pillow_heif
    except ImportError:
        raise InputError(
            f"{name} is HEIC, which needs pillow-heif: pip install pillow-heif, or save it as JPEG."
        ) from None
    try:
        return pillow_heif.open_heif(io.BytesIO(encoded), convert_hdr_to_8bit=True)
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
        raise damaged_heic(name, error) from None


def damaged_heic(name: str, error: Exception) -> InputError:
    """Return the error that says that a file cannot be read as HEIC."""
    reason = " ".join(str(error).split())[:80] or type(error).__name__
    return InputError(f"{name} cannot be read as HEIC ({reason}): copy it again, or take it out.")
