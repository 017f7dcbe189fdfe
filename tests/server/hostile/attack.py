"""What an attack is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.server.hostile.child import Child
from tests.server.hostile.wire import Answer


@dataclass(frozen=True)
class Try:
    """One thing that was tried.

    Attributes:
        what: in a few words.
        right: whether the server did right.
        got: what it answered.
    """

    what: str
    right: bool
    got: str


ATTACKS: dict[str, Callable[[Child], Iterable[Try]]] = {}


def attack(function: Callable[[Child], Iterable[Try]]) -> Callable[[Child], Iterable[Try]]:
    """Make a function one of the attacks; its name is what it tries."""
    ATTACKS[function.__name__] = function
    return function


def refused(what: str, answer: Answer, *statuses: int) -> Try:
    """Return a try that is right if it was refused: by one of these statuses, or else by any 4xx,
    and in the server's own form."""
    right = answer.status in statuses if statuses else 400 <= answer.status < 500
    return Try(what, right and (answer.broken or answer.is_sentence), str(answer))


def left_out(what: str, answer: Answer) -> Try:
    """Return a try that is right if what was sent was refused, or left out with a reason."""
    if answer.status != 200:
        return refused(what, answer)
    said = answer.json()
    reasons = [one["reason"] for one in said["left_out"]]
    return Try(what, not said["kept"] and all(reasons), str(answer))
