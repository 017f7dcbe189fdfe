from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import Train
from tf_happywhale.errors import TrainingError
from tf_happywhale.training.checkpoint import Progress
from tf_happywhale.training.epoch import train_epoch
from tf_happywhale.training.schedule import learning_rate

NOT_FINITE = float("nan")


def trained(losses: list[float], progress: Progress, **settings) -> tuple[float, list, list[int]]:
    """Steps that give these losses, of epochs of four: the rate, the calls, and where it paused."""
    train, calls, pauses = Train(epochs=3, **settings), [], []

    def step(number: int, pictures: str, targets: int, rate: float) -> float:
        calls.append((number, pictures, targets, rate))
        return losses[targets]

    batches = [("pictures", place) for place in range(len(losses))]
    rate = train_epoch(
        step, batches, train, progress, 4, Path("run"), lambda: pauses.append(progress.step)
    )
    return rate, calls, pauses


def test_steps_are_counted_over_the_run_and_it_pauses_after_each() -> None:
    progress = Progress(step=5, epoch=1, losses=[0.9], seconds=1.0)
    rate, calls, pauses = trained([0.5, 0.25, 0.125], progress)
    rates = [learning_rate(Train(epochs=3), number, 4) for number in (5, 6, 7)]
    assert calls == [(n, "pictures", n - 5, rates[n - 5]) for n in (5, 6, 7)]
    assert rate == rates[-1]
    assert pauses == [6, 7, 8]
    assert progress.losses == [0.9, 0.5, 0.25, 0.125]
    assert progress.seconds > 1
    assert progress.bad_steps == 0


def test_a_step_that_is_not_finite_is_counted_and_its_loss_left_out() -> None:
    progress = Progress(step=4, epoch=1, bad_steps=2)
    trained([0.5, NOT_FINITE, 0.25], progress, max_bad_steps=3)
    assert (progress.bad_steps, progress.losses, progress.step) == (3, [0.5, 0.25], 7)


def test_one_too_many_stops_and_says_where() -> None:
    progress = Progress(step=4, epoch=1, bad_steps=2)
    match = r"3 steps of this run were not finite, the last step 1 of epoch 1: .*rate \(\S+\)\.$"
    with pytest.raises(TrainingError, match=match):
        trained([0.5, NOT_FINITE], progress, max_bad_steps=2)
    progress.best = {"epoch": 0}
    with pytest.raises(TrainingError, match=r"the best model so far is in run/checkpoints\.$"):
        trained([NOT_FINITE], progress, max_bad_steps=2)
