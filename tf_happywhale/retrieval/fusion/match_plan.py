"""How many pairs are matched in the time that is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from tf_happywhale.retrieval.fusion.shortlist import SIZES, affordable

QUESTIONS = 50  # images of the gallery that are asked at least, if it has so many


@dataclass(frozen=True)
class MatchPlan:
    """How many pairs are matched.

    Attributes:
        size: gallery images that each photograph is matched with.
        questions: gallery images that are themselves matched with so many others.
        minutes: that all of this takes, if nothing was matched before.
    """

    size: int
    questions: int
    minutes: int = 0


def plan_matching(
    photographs: int,
    images: int,
    seconds_a_pair: float,
    seconds: float,
    size: int | None = None,
) -> MatchPlan:
    """Return a plan that takes `seconds` for the photographs' pairs, and as many for the gallery's
    own; somewhat more if even the smallest plan takes longer.

    Args:
        photographs: to identify.
        images: of the gallery.
        seconds_a_pair: that a pair takes.
        seconds: see above.
        size: images for each photograph, if that is given; None: as many as possible.
    """
    if size is None:
        size = max(affordable(photographs, images, seconds_a_pair, seconds), SIZES[0])
    size = min(size, images)
    own = images * (images - 1) / 2 if size == images else images * size
    questions = images
    if own * seconds_a_pair > seconds:
        affordable_questions = int(seconds / (seconds_a_pair * size))
        affordable_questions -= affordable_questions % 10  # small changes of speed change nothing
        questions = min(max(affordable_questions, QUESTIONS), images)
        own = questions * size
    minutes = (photographs * size + own) * seconds_a_pair / 60
    return MatchPlan(size, questions, round(minutes))
