"""What a gallery has taught, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.retrieval.teaching.misses import Missed
from tf_happywhale.retrieval.teaching.taught import ENOUGH_FOR_NUMBERS, ENOUGH_TO_ORDER, Taught


def sentences(taught: Taught) -> list[str]:
    """Return a sentence on what the numbers rest on, and one on the matches that will be missed."""
    rests = f"{_count(taught.questions, 'question')} of {_count(taught.individuals, 'individual')}"
    if not taught.questions:
        return [
            "The gallery teaches nothing: no individual has photographs of two encounters. So "
            "new_individual comes second, and no probability is given."
        ]
    if taught.gives_numbers:
        first = f"The gallery teaches: threshold and P(new) rest on {rests}."
    elif taught.orders:
        first = (
            f"The gallery teaches: the place of new_individual rests on {rests}. These are too few "
            f"to say how likely an animal is new: P(new) needs {ENOUGH_FOR_NUMBERS}."
        )
    else:
        first = (
            f"The gallery has {rests}, which teaches too little about new individuals: a threshold "
            f"needs {ENOUGH_TO_ORDER}, P(new) {ENOUGH_FOR_NUMBERS}. So new_individual comes second."
        )
    return [first, *_missed(taught.misses)]


def _missed(missed: Sequence[Missed]) -> list[str]:
    """Return the sentence on missed matches; none if there are fewer candidates than one looks
    at."""
    if not missed:
        return []
    first, *more = missed
    said = [
        "Of photographs of the gallery's animals, a person who looks at "
        f"{_count(first.candidates, 'candidate')} misses {_share(first)}",
        *(f"at {_count(one.candidates, 'candidate')} {_share(one)}" for one in more),
    ]
    several = first.photographs
    where = _count(several, "photograph") if several else "very many photographs"
    return [f"{', '.join(said)}. These are 95% intervals for {where}."]


def _share(one: Missed) -> str:
    return f"{one.share:.0%} ({one.low:.0%} to {one.high:.0%})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
