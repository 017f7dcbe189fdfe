"""A margin for each individual from how many images show it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def dynamic_margins(
    counts: Sequence[int], *, factor: float, exponent: float, offset: float
) -> np.ndarray:
    """factor · n^exponent + offset for each class, float64 [classes], radians.

    The rarer an individual, the larger its margin (exponent < 0), since a class of few images is
    easily told apart on those. An individual without a training image counts as having one.

    Args:
        counts: training images of each class, in label order.
        factor, exponent, offset: .27126, −.364399 and .05 in the first place of Happywhale,
            https://github.com/knshnb/kaggle-happywhale-1st-place.

    References:
        Ha et al.: Google Landmark Recognition 2020 Competition Third Place Solution (dynamic
        margins), https://arxiv.org/abs/2010.05350
    """
    return factor * np.maximum(np.asarray(counts, np.float64), 1) ** exponent + offset
