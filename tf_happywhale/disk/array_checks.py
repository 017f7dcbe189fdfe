"""Checks of arrays that a file holds, before anything is computed with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def checked(
    array: np.ndarray,
    kind: str,
    shape: Sequence[int | None],
    low: float = -np.inf,
    high: float = np.inf,
    nan: bool = False,
) -> np.ndarray:
    """Return the array.

    Args:
        array: from a file.
        kind: of its dtype, as in `numpy.dtype.kind`; several letters: one of these.
        shape: that it must have; None: of any length.
        low, high: its smallest and largest number.
        nan: whether it may hold NaN.

    Raises:
        ValueError: it is something else.
    """
    if array.dtype.kind not in kind or len(array.shape) != len(shape):
        raise ValueError("another kind of array")
    if any(want not in (None, have) for have, want in zip(array.shape, shape, strict=True)):
        raise ValueError("an array of another size")
    if array.dtype.kind in "iuf" and array.size:
        known = array[~np.isnan(array)] if nan else array
        if not ((known >= low) & (known <= high) & np.isfinite(known)).all():  # false of NaN
            raise ValueError("numbers out of range")
    return array
