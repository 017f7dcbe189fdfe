"""Lengths of embeddings, and embeddings that cannot be scaled to length 1."""

from __future__ import annotations

import numpy as np

ROWS = 256  # read at a time: their numbers stay near the processor
SHORTEST, LONGEST = 1e-60, 1e60  # squares of lengths that float32 can be scaled by


def unit_rows(embedding: np.ndarray) -> np.ndarray:
    """Return embeddings [n, d] scaled to length 1."""
    return embedding / np.linalg.norm(embedding, axis=1, keepdims=True)


def squared_lengths(part: np.ndarray) -> np.ndarray:
    """Return squares float64 [m] of the lengths of embeddings [m, d]; NaN or infinite where these
    are."""
    squares = np.empty(len(part))
    for start in range(0, len(part), ROWS):
        tile = part[start : start + ROWS].astype(np.float64, order="C")  # summed in one order
        squares[start : start + ROWS] = np.einsum("ij,ij->i", tile, tile)
    return squares


def without_direction(squares: np.ndarray) -> tuple[int, str] | None:
    """Return the first row that is too short or too long to be scaled to length 1, and what it
    is."""
    fine = (squares > SHORTEST) & (squares < LONGEST)  # false of NaN
    if fine.all():
        return None
    row = int(np.argmin(fine))
    return row, "zero" if squares[row] <= SHORTEST else "not finite"
