"""Whitening within individuals: what differs between images of one animal counts less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def within_individuals(
    embedding: np.ndarray, individual_ids: Sequence[str], ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the map after which images of one individual differ about equally in all directions.

    Light, pose and water move an embedding more in some directions than in others; a cosine that
    counts those less is decided by what tells individuals apart. Embeddings are centred, and each
    principal direction of the differences from an individual's mean is divided by its standard
    deviation, after `ridge` times the mean variance was added to every variance. Nothing is done
    where no individual has two images that differ.

    Args:
        embedding: [n, d], rows of length 1.
        individual_ids: the individual of each row [n].
        ridge: above 0; the larger it is, the smaller is the change.

    Returns:
        kernel [d, d] and bias [d] float32 of the map x → x · kernel + bias. Where all variances are
        equal the kernel is the identity.

    References:
        Hatch, Kajarekar, Stolcke: Within-Class Covariance Normalization for SVM-based Speaker
        Recognition, Interspeech 2006
    """
    rows = np.asarray(embedding, np.float64)
    _, own, counts = np.unique(np.asarray(individual_ids), return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), rows.shape[1]))
    np.add.at(means, own, rows)
    differing = rows - (means / counts[:, None])[own]
    variance, directions = np.linalg.eigh(differing.T @ differing / len(rows))
    variance = np.maximum(variance, 0)
    mean = variance.mean()
    if mean <= 1e-12:
        return np.eye(rows.shape[1], dtype=np.float32), np.zeros(rows.shape[1], np.float32)
    factor = np.sqrt((1 + ridge) * mean / (variance + ridge * mean))
    kernel = directions * factor @ directions.T
    return kernel.astype(np.float32), (-rows.mean(axis=0) @ kernel).astype(np.float32)
