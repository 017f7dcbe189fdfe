"""Margins that depend on the number of images of an individual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def dynamic_margins(
    counts: Sequence[int], *, factor: float, exponent: float, offset: float
) -> np.ndarray:
    """Return factor · n^exponent + offset for each class, float64 [classes], radians.

    With an exponent below 0, rare individuals have larger margins: a few training images are easily
    told from others. An individual without training images counts as having one.

    Args:
        counts: training images of each class, in label order.
        factor, exponent, offset: .27126, −.364399 and .05 in the solution that won Happywhale,
            https://github.com/knshnb/kaggle-happywhale-1st-place.

    References:
        Ha et al.: Google Landmark Recognition 2020 Competition Third Place Solution (dynamic
        margins), https://arxiv.org/abs/2010.05350
    """
    return factor * np.maximum(np.asarray(counts, np.float64), 1) ** exponent + offset
