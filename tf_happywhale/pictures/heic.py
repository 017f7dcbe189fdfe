"""HEIC photographs, such as telephones take, read by pillow-heif where it is installed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

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


def decode_heic(encoded: bytes, name: str) -> np.ndarray:
    """Return the main picture uint8 RGB [h, w, 3], upright. The HEIC file says how it is turned;
    EXIF's orientation does not count.

    Raises:
        InputError: pillow-heif is not installed, or cannot read it.
    """
    try:
        picture = np.asarray(_open(encoded, name))
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
        raise _damaged(name, error) from None
    if picture.ndim == 2:
        picture = picture[:, :, None].repeat(3, axis=2)
    return np.ascontiguousarray(picture[:, :, :3])


def heic_size(encoded: bytes, name: str) -> tuple[int, int]:
    """Return the width and height of the upright picture; errors: see `decode_heic`."""
    return _open(encoded, name).size


def heic_exif(encoded: bytes) -> bytes:
    """Return the EXIF block of the main picture; empty if there is none, or it cannot be read."""
    try:
        return _open(encoded, "picture").info.get("exif") or b""
    except InputError:
        return b""


def _open(encoded: bytes, name: str) -> Any:
    try:
        import pillow_heif
    except ImportError:
        raise InputError(
            f"{name} is HEIC, which needs pillow-heif: pip install pillow-heif, or save it as JPEG."
        ) from None
    try:
        return pillow_heif.open_heif(io.BytesIO(encoded), convert_hdr_to_8bit=True)
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:80] or type(error).__name__
    return InputError(f"{name} cannot be read as HEIC ({reason}): copy it again, or take it out.")
