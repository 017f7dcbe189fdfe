"""Lines that several commands print in the same way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@cache
def say_once(sentence: str) -> None:
    """Print a sentence, unless this process has printed it before."""
    print(sentence, flush=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took, in seconds."""
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)
