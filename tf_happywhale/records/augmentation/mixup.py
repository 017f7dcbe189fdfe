"""Pictures mixed with one another: each label becomes two targets and the first one's share."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tf_happywhale.records.augmentation.one_picture import generator


def mixup(
    pictures: np.ndarray,
    names: Sequence[bytes],
    *,
    probability: float,
    alpha: float,
    seed: int,
    epoch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each picture, with a probability, with the next of the batch (the last with the first).

    Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018: the picture's share is drawn
    from Beta(alpha, alpha).

    Args:
        pictures: uint8 [b, h, w, 3].
        names: of the images [b]; they decide the random numbers, with seed and epoch.

    Returns:
        The mixed pictures uint8 [b, h, w, 3], and the share float32 [b] of the own picture.
    """
    shares = np.ones(len(pictures), np.float32)
    mixed = pictures.copy()
    for row, name in enumerate(names):
        rng = generator(seed, epoch, name + b"\0mixup")
        if rng.random() < probability:
            shares[row] = share = rng.beta(alpha, alpha)
            other = pictures[(row + 1) % len(pictures)]
            cv2.addWeighted(pictures[row], share, other, 1 - share, 0, dst=mixed[row])
    return mixed, shares
