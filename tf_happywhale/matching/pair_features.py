"""Features of a pair of pictures: what their matches say about whether both show one animal."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tf_happywhale.matching.geometry import inliers
from tf_happywhale.matching.local_points import LocalPoints

FEATURES = ("matches", "total", "inliers")
SURE = 0.5  # a match with a higher score counts
REACH = 0.03  # of the longer side: how far an inlier may be from its place


class Found(Protocol):
    """Matches of two pictures: points of either, int32 [k], and scores float32 [k]."""

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray


def pair_features(a: LocalPoints, b: LocalPoints, found: Found) -> np.ndarray:
    """Return the `FEATURES` of a pair, float32 [3].

    They are the number of matches with a score above .5, the sum of all scores, and how many of
    those matches one affine transformation of the first picture explains.

    Args:
        a: points of the first picture.
        b: points of the second picture.
        found: their matches.
    """
    rows, agree = agreement(a, b, found)
    return np.array([len(rows), found.score.sum(dtype=np.float64), agree.sum()], np.float32)


def agreement(a: LocalPoints, b: LocalPoints, found: Found) -> tuple[np.ndarray, np.ndarray]:
    """Return the k matches with a score above .5, as rows int [k]; and which of them one affine
    transformation of the first picture explains, bool [k].

    Args: see `pair_features`.
    """
    rows = np.flatnonzero(found.score > SURE)
    first, second = a.xy[found.first[rows]], b.xy[found.second[rows]]
    return rows, inliers(first, second, REACH * max(b.size))
