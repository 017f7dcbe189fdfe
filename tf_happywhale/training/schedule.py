"""The learning rate, and the size of the pictures, over a run."""

from __future__ import annotations

import math

from tf_happywhale.config import Train

SIZE_STEP = 32  # pixels
ORIGINAL_PERIOD = 24  # T_max of the original's schedule, meant in epochs and stepped in batches


def learning_rate(train: Train, step: int, steps_per_epoch: int) -> float:
    """Return the rate of a step, counted from 0, of a whole run.

    `cosine`: linear warm-up to the highest, then one cosine down to the lowest at the last step. A
    warm-up that is longer than the run takes all of it, so that a short run needs no other config.
    `original`: the cosine of the original solution as it ran. It was stepped once a batch where
    once an epoch was meant, so it goes down over 24 batches and up again over as many, to the end.
    """
    highest, lowest = train.learning_rate, train.min_learning_rate
    steps = train.epochs * steps_per_epoch
    warmup_steps = min(round(train.warmup_epochs * steps_per_epoch), steps)
    if step < warmup_steps:
        return highest * (step + 1) / warmup_steps
    if train.schedule == "original":
        done = step / ORIGINAL_PERIOD
    else:
        done = min((step - warmup_steps) / max(1, steps - 1 - warmup_steps), 1.0)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * done)) / 2


def picture_size(train: Train, image_size: int, epoch: int) -> int:
    """Return the side of an epoch's pictures, pixels: from `first_size` by 32 to `last_size`, each
    size for an equal part of the run; the last epoch has `last_size`, and all where that is
    smaller.

    References:
        Tan, Le: EfficientNetV2: Smaller Models and Faster Training, ICML 2021 (progressive learning
        without its stronger augmentation)
        Touvron et al.: Fixing the train-test resolution discrepancy, NeurIPS 2019 (a last size
        below `image_size`)
    """
    last = min(train.last_size or image_size, image_size)
    first = min(train.first_size or last, last)
    sizes = [*range(first, last, SIZE_STEP), last]
    left = train.epochs - 1 - epoch
    return sizes[len(sizes) - 1 - left * len(sizes) // train.epochs]
