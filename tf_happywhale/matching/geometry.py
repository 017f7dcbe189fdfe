"""Geometry of matched points: which of them one affine transformation brings together."""

from __future__ import annotations

import cv2
import numpy as np

NEEDED = 3  # matches that an affine transformation takes
TRIALS = 1000
SURE = 0.995  # of having found the best transformation


def inliers(first: np.ndarray, second: np.ndarray, reach: float) -> np.ndarray:
    """Return which matches agree with one affine transformation, bool [k].

    It is found by RANSAC (Fischler and Bolles 1981). OpenCV draws the same random numbers in each
    call, so that equal points have equal inliers. Fewer than three matches agree with nothing.

    Args:
        first: matched x and y in the first picture, [k, 2].
        second: of the same matches in the second picture, [k, 2].
        reach: how far a point of the second picture may be from where the transformation puts its
            match, in pixels.
    """
    none = np.zeros(len(first), bool)
    if len(first) < NEEDED:
        return none
    found, mask = cv2.estimateAffine2D(
        np.ascontiguousarray(first, np.float64),
        np.ascontiguousarray(second, np.float64),
        method=cv2.RANSAC,
        ransacReprojThreshold=reach,
        maxIters=TRIALS,
        confidence=SURE,
        refineIters=0,
    )
    return none if found is None else mask.ravel().astype(bool)
