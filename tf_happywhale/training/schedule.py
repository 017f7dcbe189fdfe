"""The learning rate over a run."""

from __future__ import annotations

import math


def learning_rate(
    step: int, *, steps: int, warmup_steps: int, highest: float, lowest: float
) -> float:
    """Linear warm-up to `highest`, then one cosine down to `lowest` at the last of `steps`.

    Args:
        step: number of steps taken before, from 0.
        steps: steps of the whole run.
        warmup_steps: of those, how many warm up.
        highest, lowest: learning rates.
    """
    if step < warmup_steps:
        return highest * (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - 1 - warmup_steps)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def seed_learning_rate(step: int, *, highest: float, lowest: float, period: int = 24) -> float:
    """The seed's cosine as it ran: stepped once a batch where it was meant once an epoch, it goes
    down over `period` batches and up again over as many, to the end of the run."""
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * step / period)) / 2
