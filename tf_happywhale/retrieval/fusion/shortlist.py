"""Shortlists: which gallery images each photograph is matched with, if time does not allow all."""

from __future__ import annotations

import numpy as np

SIZES = (20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000)


def affordable(questions: int, images: int, seconds_a_pair: float, seconds: float) -> int:
    """Return how many images each question can be matched with, at most `images`; 0 if not even
    the first of `SIZES`.

    It is one of `SIZES` if it is not all, so that small changes of speed change nothing.

    Args:
        questions, images: how many there are.
        seconds_a_pair: that a pair takes.
        seconds: that all pairs may take.
    """
    each = seconds / max(questions * seconds_a_pair, 1e-9)
    if each >= images:
        return images
    return min(max((size for size in SIZES if size <= each), default=0), images)


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
