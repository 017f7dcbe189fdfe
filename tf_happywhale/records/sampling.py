"""How often each image comes in an epoch, so that rare individuals are seen more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def balanced_copies(targets: Sequence[int], balance: float, seed: int, epoch: int) -> np.ndarray:
    """How many times each image comes in an epoch of as many pictures as there are images.

    An individual of n images has a share of the epoch in proportion to n^(1 − balance): at 0 every
    image comes once, at 1 every individual equally often. An image's own number is its share
    rounded up or down, by systematic sampling, so that over many epochs it is exact.

    Args:
        targets: who is in each image, int [n].
        balance: 0 to 1.
        seed, epoch: decide what is rounded up.

    Returns:
        int64 [n], the sum of which is n.
    """
    _, own, counts = np.unique(np.asarray(targets), return_inverse=True, return_counts=True)
    shares = counts.astype(np.float64) ** (1 - balance)
    wanted = len(own) * (shares / shares.sum() / counts)[own]
    rng = np.random.default_rng([seed, epoch, 0xBA1A])
    order, start = rng.permutation(len(own)), rng.random()
    ends = start + np.cumsum(wanted[order])
    ends[-1] = start + len(own)  # what rounding has taken from the sum
    copies = np.empty(len(own), np.int64)
    copies[order] = np.diff(np.floor(ends), prepend=0)
    return copies
