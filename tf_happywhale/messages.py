"""Sentences that are printed once, although several steps of one command find them."""

from __future__ import annotations

from functools import cache


@cache
def say_once(sentence: str) -> None:
    """Print a sentence, unless this process has printed it before."""
    print(sentence, flush=True)
