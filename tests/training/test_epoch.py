from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tf_happywhale.config import Train
from tf_happywhale.errors import TrainingError
from tf_happywhale.training.epoch import train_epoch
from tf_happywhale.training.resume.checkpoint import Progress
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


def test_so_many_steps_are_taken_together_and_what_is_left_one_by_one() -> None:
    """Eight steps an epoch, the first done: groups of three, and one; the second of the first group
    and the last are not finite."""
    train, taken, pauses = Train(epochs=3, steps_per_execution=3), [], []
    progress = Progress(step=9, epoch=1, losses=[0.5])
    losses = {n: NOT_FINITE if n in (10, 15) else n / 100 for n in range(9, 16)}

    class Steps:
        def __call__(self, number: int, pictures: str, targets: int, rate: float) -> float:
            return self.together(number, [(pictures, targets)], [rate])[0]

        def together(self, number: int, batches: list, rates: list[float]) -> list[float]:
            assert [targets for _, targets in batches] == [*range(number, number + len(batches))]
            assert rates == [learning_rate(train, number + n, 8) for n in range(len(batches))]
            taken.append(len(batches))
            return [losses[number + n] for n in range(len(batches))]

    batches = [("pictures", number) for number in losses]
    rate = train_epoch(
        Steps(), batches, train, progress, 8, Path("run"), lambda: pauses.append(progress.step)
    )
    assert taken == [3, 3, 1]
    assert pauses == [12, 15, 16]
    assert progress.losses == [0.5, 0.09, 0.11, 0.12, 0.13, 0.14]
    assert (progress.step, progress.bad_steps) == (16, 2)
    assert rate == learning_rate(train, 15, 8)


def test_one_too_many_in_a_group_stops_and_says_which() -> None:
    train, progress = Train(epochs=3, steps_per_execution=4), Progress(step=4, epoch=1)
    step = SimpleNamespace(together=lambda *_: [0.5, NOT_FINITE, NOT_FINITE, 0.5])
    settings = train.model_copy(update={"max_bad_steps": 1})
    with pytest.raises(TrainingError, match="the last step 2 of epoch 1"):
        train_epoch(step, [()] * 4, settings, progress, 4, Path("run"), lambda: None)


def test_a_step_that_is_not_finite_is_counted_and_its_loss_left_out() -> None:
    progress = Progress(step=4, epoch=1, bad_steps=2)
    trained([0.5, NOT_FINITE, 0.25], progress, max_bad_steps=3)
    assert (progress.bad_steps, progress.losses, progress.step) == (3, [0.5, 0.25], 7)


def test_one_too_many_stops_and_says_where() -> None:
    progress = Progress(step=4, epoch=1, bad_steps=2)
    match = r"3 steps of this run .*, the last step 1 of epoch 1: .*rate .* train\.restart=true\.$"
    with pytest.raises(TrainingError, match=match):
        trained([0.5, NOT_FINITE], progress, max_bad_steps=2)
    progress.best = {"epoch": 0}
    with pytest.raises(TrainingError, match=r"best epoch so far is kept in run: .*train finish`"):
        trained([NOT_FINITE], progress, max_bad_steps=2)
