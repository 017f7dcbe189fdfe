"""The k best labels of a shortlist, scored in float64."""

from __future__ import annotations

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack
from tf_happywhale.retrieval.search.shortlist import Shortlist

DECIMALS = 12  # of a cosine; what differs less is a tie
Found = tuple[np.ndarray, np.ndarray, np.ndarray]  # label, score and image, as in `Neighbours`


def score_shortlist(
    found: Shortlist, queries: Stack, gallery: Stack | Blend, labels: np.ndarray
) -> Found:
    """Return the k best labels [b, k] of a shortlist with float64 scores and images.

    The k labels that look best are scored first; only what may reach the worst of them is scored
    after that, and of a label only the images that may be its best.
    """
    k, count = found.k, len(queries)
    images, asked, dots = found.pairs()
    order = np.lexsort([-dots, labels[images], asked])
    images, asked, dots = images[order], asked[order], dots[order]
    heads = np.flatnonzero(changes(asked) | changes(labels[images]))
    best = np.repeat(dots[heads], np.diff(np.append(heads, len(dots))))  # of the pair's label
    top = heads[_first_k(asked[heads], dots[heads], k)]
    exact = np.full(len(dots), np.nan)
    exact[top] = gallery.dot(images[top], queries, asked[top])
    reach = found.reach(exact[top].reshape(count, k).min(axis=1))[asked]
    own = found.reach(best - found.bound - np.abs(best) * found.rounding)
    kept = (best >= reach) & (dots >= np.maximum(reach, own))
    images, asked, dots, exact = images[kept], asked[kept], dots[kept], exact[kept]
    rest = np.isnan(exact)
    exact[rest] = gallery.dot(images[rest], queries, asked[rest])
    _check(exact, dots, found)
    score = np.round(exact, DECIMALS)
    order = np.lexsort([images, -score, labels[images], asked])  # a label's best image first
    images, asked, score, exact = images[order], asked[order], score[order], exact[order]
    heads = np.flatnonzero(changes(asked) | changes(labels[images]))
    top = heads[_first_k(asked[heads], score[heads], k)]
    shape = (count, k)
    return (labels[images[top]].reshape(shape), exact[top].reshape(shape),
            images[top].reshape(shape))  # fmt: skip


def changes(values: np.ndarray) -> np.ndarray:
    """Return where a value differs from the one before it, the first included."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _first_k(asked: np.ndarray, score: np.ndarray, k: int) -> np.ndarray:
    """Return places of the k highest scores of each query, best first, equal ones as they come."""
    order = np.lexsort([-score, asked])
    starts = np.flatnonzero(changes(asked[order]))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return order[place < k]


def _check(exact: np.ndarray, dots: np.ndarray, found: Shortlist) -> None:
    """Refuse an engine whose dot products are further off than the shortlist's bound allows."""
    off = np.abs(exact - dots) - np.abs(dots) * found.rounding
    if len(off) and off.max() > found.bound:
        raise InputError(
            f"The search engine's cosines are off by {off.max():.1e}, which may be "
            f"{found.bound:.1e} at most: set rank.shortlist=float32 or rank.engine=numpy."
        )
