"""Take the steps of one epoch; leave out and count those that are not finite."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from tf_happywhale.config import Train
from tf_happywhale.errors import TrainingError
from tf_happywhale.training.resume.checkpoint import Progress
from tf_happywhale.training.schedule import learning_rate
from tf_happywhale.training.update.frozen import FrozenFirst
from tf_happywhale.training.update.step import Step


def train_epoch(
    step: Step | FrozenFirst,
    batches: Iterable,
    train: Train,
    progress: Progress,
    steps_per_epoch: int,
    run: Path,
    pause: Callable[[], None],
) -> float:
    """Take the steps that are left of an epoch, and return the learning rate of the last one.

    Args:
        step: from `make_step`.
        batches: pictures and targets of those steps.
        train: how to train.
        progress: the state of the training; it is updated.
        steps_per_epoch: of a whole epoch.
        run: the folder of the training, named in errors.
        pause: is called after each step, or after each group of `train.steps_per_execution`.

    Raises:
        TrainingError: too many losses of the run are not finite.
        Stopped: by `pause`.
    """
    before = time.monotonic()
    batches = iter(batches)
    while group := list(islice(batches, train.steps_per_execution)):
        numbers = range(progress.step, progress.step + len(group))
        rates = [learning_rate(train, number, steps_per_epoch) for number in numbers]
        if len(group) == train.steps_per_execution > 1:
            losses = step.together(progress.step, group, rates)
        else:  # also the last steps of an epoch: a group of another size would be compiled again
            each = zip(numbers, group, rates, strict=True)
            losses = (step(number, *batch, rate) for number, batch, rate in each)
        for loss in losses:
            if math.isfinite(loss):
                progress.losses.append(loss)
            else:
                _count_bad(progress, train, steps_per_epoch, run)
            progress.step += 1
        now = time.monotonic()
        progress.seconds, before = progress.seconds + now - before, now
        pause()
    return learning_rate(train, progress.step - 1, steps_per_epoch)


def _count_bad(progress: Progress, train: Train, steps_per_epoch: int, run: Path) -> None:
    progress.bad_steps += 1
    where = f"step {progress.step % steps_per_epoch} of epoch {progress.epoch}"
    if progress.bad_steps > train.max_bad_steps:
        finish = ""
        if progress.best:
            finish = (
                f" The best epoch so far is kept in {run}: `python -m tf_happywhale.train finish` "
                "with the same config makes model.keras from it."
            )
        raise TrainingError(
            f"{progress.bad_steps} steps of this run were not finite, the last {where}: lower "
            f"train.learning_rate ({train.learning_rate}), and start again with "
            f"train.restart=true.{finish}"
        )
    tqdm.write(f"{where} is not finite: it is left out")
