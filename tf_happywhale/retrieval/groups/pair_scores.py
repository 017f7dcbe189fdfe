"""Scores of the pairs of one set of images: of their cosines, or of these with matched points."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.search.joined_rows import stack


def cosine_pairs(embedding: np.ndarray) -> np.ndarray:
    """Return the cosines of all pairs of rows, float64 [n, n], of embeddings [n, d]."""
    rows = stack([embedding]).tile(slice(None))
    return (rows @ rows.T).astype(np.float64)


def fused_pairs(scores: FusedScores, rows: np.ndarray) -> np.ndarray:
    """Return the fused scores of all pairs of some images, symmetric float64 [n, n].

    A pair that was matched has the score of its match, also if only one of the two was asked. Any
    other has the mean of what the two say.

    Args:
        scores: of images for the same images.
        rows: int64 [n], which of them.
    """
    found = scores(rows)[:, rows].astype(np.float64)
    place = np.full(len(scores.gallery), -1)
    place[rows] = np.arange(len(rows))
    matched = np.zeros(found.shape, bool)
    question, image, _ = scores.compared.of(rows)
    among = place[image] >= 0
    matched[question[among], place[image[among]]] = True
    weight = np.where(matched | (matched == matched.T), 1.0, 0.0)
    return (weight * found + weight.T * found.T) / (weight + weight.T)
