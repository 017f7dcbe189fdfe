"""The learning rate over a run."""

from __future__ import annotations

import math

from tf_happywhale.config import Train

SEED_PERIOD = 24  # T_max of the seed's schedule, meant in epochs and stepped in batches


def learning_rate(train: Train, step: int, steps_per_epoch: int) -> float:
    """The rate of a step, counted from 0, of a whole run.

    `cosine`: linear warm-up to the highest, then one cosine down to the lowest at the last step.
    `seed`: the seed's cosine as it ran: stepped once a batch where it was meant once an epoch, it
    goes down over 24 batches and up again over as many, to the end of the run.
    """
    highest, lowest = train.learning_rate, train.min_learning_rate
    warmup_steps = round(train.warmup_epochs * steps_per_epoch)
    if step < warmup_steps:
        return highest * (step + 1) / warmup_steps
    if train.schedule == "seed":
        done = step / SEED_PERIOD
    else:
        steps = train.epochs * steps_per_epoch
        done = min((step - warmup_steps) / max(1, steps - 1 - warmup_steps), 1.0)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * done)) / 2
