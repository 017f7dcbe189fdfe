"""Shortlists: the gallery images that each photograph is matched with, if not with all."""

from __future__ import annotations

import numpy as np


def shortlist(
    cosine: np.ndarray,
    size: int,
    allowed: np.ndarray | None = None,
    preferred: np.ndarray | None = None,
) -> np.ndarray:
    """Return pairs of questions and images, int64 [p, 2], by question and image.

    Args:
        cosine: [n, m].
        size: images of each question: those with the highest cosines.
        allowed: bool [n, m], which may be taken at all; None: all.
        preferred: bool [n, m], which are taken before all others, such as those that may show the
            same side; None: all alike.
    """
    images = cosine.shape[1]
    order = cosine.astype(np.float64)
    if preferred is not None:
        order += 4.0 * preferred  # more than two cosines can differ by
    if allowed is not None:
        order[~allowed] = -np.inf
    taken = np.isfinite(order)
    if size < images:
        last = np.argsort(-order, axis=1, kind="stable")[:, max(size, 0) :]
        np.put_along_axis(taken, last, False, axis=1)
    return np.argwhere(taken)


def kept_share(pairs: np.ndarray, right: np.ndarray) -> float:
    """Return the share of questions with an answer that have one on their shortlists; NaN if there
    is no such question.

    Args:
        pairs: shortlists, see `shortlist`.
        right: bool [n, m], the images that answer a question.
    """
    asked = right.any(axis=1)
    found = np.zeros(len(right), bool)
    found[pairs[right[pairs[:, 0], pairs[:, 1]], 0]] = True
    return float(found[asked].mean()) if asked.any() else float("nan")
