from __future__ import annotations

import signal
import threading
from types import SimpleNamespace

import pytest

from tf_happywhale.training.resume import clock_and_signals
from tf_happywhale.training.resume.clock_and_signals import Watch


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """Seconds that a test sets."""
    found = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(clock_and_signals, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


def test_a_checkpoint_is_due_every_so_many_minutes(clock) -> None:
    seen = []
    ours = Watch(2, None, 1000.0)
    for seconds in (0, 119, 120, 239, 240, 500, 501):
        clock.now = 1000.0 + seconds
        seen.append(ours.due())
    assert seen == [False, False, True, False, True, True, False]
    assert Watch(0, None, 0.0).due()


def test_the_time_limit_counts_from_the_commands_start(clock) -> None:
    ours = Watch(5, 0.5, 100.0)
    clock.now = 100.0 + 1799
    assert ours.reason() is None
    clock.now = 100.0 + 1800
    assert ours.reason() == "after 0.5 hours (train.max_hours)"
    clock.now = 1e9
    assert Watch(5, None, 0.0).reason() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_and_the_second_is_obeyed(number: signal.Signals) -> None:
    got = []
    before = signal.signal(number, lambda *_: got.append("at once"))
    try:
        with Watch(5, None, 0.0) as ours:
            assert ours.reason() is None
            signal.raise_signal(number)
            assert ours.reason() == f"by {number.name}"
            assert got == []
            signal.raise_signal(number)
            assert got == ["at once"]
        with Watch(5, None, 0.0):
            pass
        signal.raise_signal(number)
        assert got == ["at once", "at once"]
    finally:
        signal.signal(number, before)


def test_other_threads_go_without_signals() -> None:
    failed = []

    def enter() -> None:
        try:
            with Watch(5, None, 0.0):
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert not failed
