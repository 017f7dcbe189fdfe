"""When a checkpoint is due, and when a run must stop: by its time limit or a signal."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType


class Watch:
    """Watch over the clock, Ctrl-C and the terminate signal, while it is entered.

    The first signal waits for the step under way; a second one is obeyed at once.

    Args:
        minutes: between checkpoints.
        hours: after these the run stops; None: never.
        started: when the command started, a time of `time.monotonic()`.
    """

    def __init__(self, minutes: float, hours: float | None, started: float) -> None:
        self.minutes, self.hours, self.started = minutes, hours, started
        self.saved = time.monotonic()
        self._signal: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Watch:
        # Only the main thread may set handlers; a notebook server's thread has none.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._give_back()

    def due(self) -> bool:
        """Return whether the last checkpoint is older than `minutes`. If so, they count from now
        on."""
        now = time.monotonic()
        if now - self.saved < self.minutes * 60:
            return False
        self.saved = now
        return True

    def reason(self) -> str | None:
        """Return why the run must stop now, in words; None if it need not."""
        if self._signal is not None:
            return f"by {signal.Signals(self._signal).name}"
        if self.hours is not None and time.monotonic() - self.started >= self.hours * 3600:
            return f"after {self.hours:g} hours (train.max_hours)"
        return None

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        self._give_back()

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
