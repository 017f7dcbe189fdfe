"""What a gallery has taught, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.retrieval.teaching.misses import Missed
from tf_happywhale.retrieval.teaching.taught import ENOUGH_FOR_NUMBERS, ENOUGH_TO_ORDER, Taught


def sentences(taught: Taught) -> list[str]:
    """Return a sentence on what the numbers rest on, and one on the matches that will be missed."""
    asked = (
        f"{_count(taught.questions, 'photograph')} of {_count(taught.individuals, 'individual')} "
        f"{'was' if taught.questions == 1 else 'were'} asked of the others"
    )
    if not taught.questions:
        return [
            "The gallery teaches nothing: no individual has photographs of two encounters. So "
            "new_individual comes second, and how likely an animal is new is not said."
        ]
    if taught.gives_numbers:
        first = (
            "The gallery teaches where new_individual stands among the candidates, and how likely "
            f"an animal is new: {asked}."
        )
    elif taught.orders:
        first = (
            f"The gallery teaches where new_individual stands among the candidates: {asked}. These "
            "are too few to say how likely an animal is new, which takes "
            f"{ENOUGH_FOR_NUMBERS} individuals."
        )
    else:
        first = (
            f"The gallery teaches too little about new individuals: {asked}. So new_individual "
            f"comes second; another place takes {ENOUGH_TO_ORDER} individuals, and to say how "
            f"likely an animal is new takes {ENOUGH_FOR_NUMBERS}."
        )
    return [first, *taught.learned.cannot_tell, *_missed(taught.misses)]


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
