"""The terminate signal (SIGTERM) stops a command as Ctrl-C does: what was begun is cleared away."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """The terminate signal has come. It is a Ctrl-C to all code that knows that one."""


@contextmanager
def terminated_as_interrupt() -> Iterator[None]:
    """Let the terminate signal raise Terminated. Without this the process would end on the spot,
    with its temporary files. Only the main thread gets signals; in another one nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
