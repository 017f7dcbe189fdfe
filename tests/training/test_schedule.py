from __future__ import annotations

import itertools
import math

import pytest

from tf_happywhale.config import Train
from tf_happywhale.training.schedule import learning_rate, picture_size


def rates(
    steps: int, warmup_steps: int, highest=1e-3, lowest=1e-5, schedule="cosine"
) -> list[float]:
    train = Train(
        epochs=steps,
        warmup_epochs=warmup_steps,
        learning_rate=highest,
        min_learning_rate=lowest,
        schedule=schedule,
    )
    return [learning_rate(train, step, steps_per_epoch=1) for step in range(steps)]


def test_one_cosine_from_the_highest_to_the_lowest():
    run = rates(5, 0)
    middle = (1e-3 + 1e-5) / 2
    swing = (1e-3 - 1e-5) / 2 * math.sqrt(0.5)
    assert run == pytest.approx([1e-3, middle + swing, middle, middle - swing, 1e-5])


def test_warm_up_rises_in_equal_parts_and_the_cosine_starts_at_the_highest():
    run = rates(9, 4)
    assert run[:4] == pytest.approx([0.25e-3, 0.5e-3, 0.75e-3, 1e-3])
    assert run[4:] == pytest.approx(rates(5, 0))


def test_it_never_rises_after_the_warm_up():
    """The original steps a cosine of 24 once a batch, so that its rate goes up and down."""
    run = rates(500, 50)
    assert run.index(max(run)) in (49, 50)
    assert all(later < sooner for sooner, later in itertools.pairwise(run[50:]))


def test_lowest_may_be_zero_or_the_highest():
    assert rates(3, 0, lowest=0.0)[-1] == 0
    assert rates(4, 0, lowest=1e-3) == pytest.approx([1e-3] * 4)


@pytest.mark.parametrize(("steps", "warmup_steps"), [(1, 0), (2, 1), (2, 2), (3, 5)])
def test_short_runs_have_a_rate_in_every_step(steps, warmup_steps):
    assert all(0 < rate <= 1e-3 for rate in rates(steps, warmup_steps))


def test_a_warm_up_longer_than_the_run_takes_all_of_it():
    assert rates(4, 5) == pytest.approx([0.25e-3, 0.5e-3, 0.75e-3, 1e-3])
    assert rates(1, 5, schedule="original") == pytest.approx([1e-3])


def test_warm_up_may_end_within_an_epoch():
    train = Train(epochs=3, warmup_epochs=0.5, learning_rate=1e-2, min_learning_rate=0)
    run = [learning_rate(train, step, steps_per_epoch=4) for step in range(12)]
    assert run[:3] == pytest.approx([5e-3, 1e-2, 1e-2])
    assert run[-1] == 0


def test_the_original_goes_down_and_up_again_every_24_steps():
    """PyTorch's CosineAnnealingLR(T_max=24) stepped once a batch, by its closed form."""
    run = rates(100, 0, highest=1e-4, lowest=1e-7, schedule="original")
    want = [1e-7 + (1e-4 - 1e-7) * (1 + math.cos(math.pi * n / 24)) / 2 for n in range(100)]
    assert run == pytest.approx(want)
    assert run[24] == pytest.approx(1e-7)
    assert run[48] == run[96] == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("first", "epochs", "sizes"),
    [
        (None, 3, [128] * 3),
        (128, 3, [128] * 3),
        (160, 3, [128] * 3),
        (64, 7, [64, 64, 96, 96, 128, 128, 128]),
        (80, 4, [80, 112, 128, 128]),
        (32, 2, [64, 128]),
        (32, 1, [128]),
    ],
)
def test_pictures_grow_in_equal_parts_of_the_run(first, epochs, sizes):
    train = Train(first_size=first, epochs=epochs)
    assert [picture_size(train, 128, epoch) for epoch in range(epochs)] == sizes


@pytest.mark.parametrize(
    ("first", "last", "sizes"),
    [(None, 96, [96] * 4), (None, 160, [128] * 4), (64, 96, [64, 64, 96, 96]), (128, 96, [96] * 4)],
)
def test_pictures_may_stay_smaller_than_those_that_are_embedded(first, last, sizes):
    train = Train(first_size=first, last_size=last, epochs=4)
    assert [picture_size(train, 128, epoch) for epoch in range(4)] == sizes
