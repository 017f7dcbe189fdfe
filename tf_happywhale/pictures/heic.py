"""HEIC photographs as arrays, read by pillow-heif where it is installed."""

from __future__ import annotations

import numpy as np

from tf_happywhale.catalogue.photographs.heic_file import damaged_heic, open_heic


def decode_heic(encoded: bytes, name: str) -> np.ndarray:
    """Return the main picture uint8 RGB [h, w, 3], upright. The HEIC file says how it is turned;
    EXIF's orientation does not count.

    Raises:
        InputError: pillow-heif is not installed, or cannot read it.
    """
    try:
        picture = np.asarray(open_heic(encoded, name))
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
        raise damaged_heic(name, error) from None
    if picture.ndim == 2:
        picture = picture[:, :, None].repeat(3, axis=2)
    return np.ascontiguousarray(picture[:, :, :3])


def heic_size(encoded: bytes, name: str) -> tuple[int, int]:
    """Return the width and height of the upright picture; errors: see `decode_heic`."""
    return open_heic(encoded, name).size
