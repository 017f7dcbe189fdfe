"""What is said to a person once, although several steps of one command find it."""

from __future__ import annotations

from functools import cache


@cache
def say_once(sentence: str) -> None:
    """Print a sentence, the first time in this process."""
    print(sentence, flush=True)
