"""What of the teachers' embeddings is learned: the directions in which images differ most."""

from __future__ import annotations

import numpy as np

WIDTH = 512  # numbers of a target at most
NOTHING = 1e-9  # share of the largest variance below which a direction is rounding
BLOCK = 1024  # rows at a time


def principal_rows(rows: np.ndarray, width: int = WIDTH) -> np.ndarray:
    """Return rows around their mean, by their principal components, each scaled to length 1.

    The cosine of two results is the rows' cosine around the mean, but for the components that are
    left out. A row that is the mean stays zero. The larger of number and length of the rows does
    not matter much: a matrix of the smaller one's size is decomposed.

    Args:
        rows: float32 [n, m].
        width: the most components that are kept, those with the largest variance.

    Returns:
        float32 [n, d], d at most `width`; 0 if all rows are the same.

    References:
        Pearson: On Lines and Planes of Closest Fit to Systems of Points in Space, 1901
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    components = _by_covariance if rows.shape[1] <= len(rows) else _by_products
    found = components(rows, mean, width)
    for column in found.T:  # either sign is a component: on every machine the same one
        column *= np.sign(column[np.argmax(np.abs(column))])
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def _by_covariance(rows: np.ndarray, mean: np.ndarray, width: int) -> np.ndarray:
    """Return the components float64 [n, d] of rows that are shorter than many."""
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    square = sum((block - mean).T @ (block - mean) for block in blocks)
    _, vectors = _largest(square, width)
    return np.concatenate([(block - mean) @ vectors for block in blocks])


def _by_products(rows: np.ndarray, mean: np.ndarray, width: int) -> np.ndarray:
    """Return the components float64 [n, d] of rows that are longer than many."""
    centred = rows - mean
    values, vectors = _largest(centred @ centred.T, width)
    return vectors * np.sqrt(values)


def _largest(square: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues [d] of a symmetric matrix, and their vectors [k, d]."""
    values, vectors = np.linalg.eigh(square)
    order = np.argsort(-values)[:width]
    order = order[values[order] > NOTHING * max(values[-1], np.finfo(np.float64).tiny)]
    return values[order], vectors[:, order]
