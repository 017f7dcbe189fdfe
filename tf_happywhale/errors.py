"""What can go wrong in a way that a person can mend: one sentence, with the fix in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 20  # names that a sentence lists


class HappywhaleError(ValueError):
    """Base of the errors that commands print as one sentence, without a traceback."""


class ConfigError(HappywhaleError):
    """An experiment that cannot be read: unknown key, wrong type, value out of range."""


class InputError(HappywhaleError):
    """Files that are missing, broken, or do not belong together."""


class TrainingError(HappywhaleError):
    """Training that cannot continue, such as a loss that is not finite."""


class Incomplete(HappywhaleError):
    """Work that is done and written, without a part of what was asked for.

    Args:
        sentence: what is lacking, and what to do.
        lacking: the images that are lacking, where others must know them.
    """

    def __init__(self, sentence: str, lacking: Iterable[str] = ()) -> None:
        super().__init__(sentence)
        self.lacking = frozenset(lacking)


class Stopped(HappywhaleError):
    """Work that was stopped on request. The same command resumes it."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """What may have been meant by a name that is not known, in words for a sentence."""
    known = list(known)
    near = difflib.get_close_matches(name.lower(), known, count, 0.4)
    if near:
        return f"the nearest {'is' if len(near) == 1 else 'are'} {', '.join(near)}"
    more = ", …" if len(known) > MOST else ""
    return f"choose one of {', '.join(known[:MOST])}{more}"
